import type { ActionName } from '#/playbook/playbook.ts'
import { closeDoors } from './account/close-doors.ts'
import { demoteAdmin } from './account/demote-admin.ts'
import { holdAccount } from './account/hold-account.ts'
import { liftHold } from './account/lift-hold.ts'
import { resetMfa } from './account/reset-mfa.ts'
import { resetPassword } from './account/reset-password.ts'
import { restoreAccess } from './account/restore-access.ts'
import { revokeSessions } from './account/revoke-sessions.ts'
import { snapshotAccount } from './account/snapshot-account.ts'
import { suspendAccount } from './account/suspend-account.ts'
import type { Action } from './action.ts'
import { listAffected } from './everybody/list-affected.ts'
import { resetEverybodysMfa } from './everybody/reset-everybodys-mfa.ts'
import { revokeEverybody } from './everybody/revoke-everybody.ts'
import { unlockAccounts } from './everybody/unlock-accounts.ts'
import { checkKey } from './keys/check-signing-key.ts'
import { invalidateTokens } from './keys/invalidate-tokens.ts'
import { makeKey } from './keys/make-signing-key.ts'
import { replaceKey } from './keys/replace-signing-key.ts'
import { rotateAdminToken } from './keys/rotate-admin-token.ts'
import { limitRequests } from './proxy/limit-requests.ts'
import { restrictAdminApi } from './proxy/restrict-admin-api.ts'
import { closeSetting } from './reviews/close-setting.ts'
import { disableClient } from './reviews/disable-client.ts'
import { disableProvider } from './reviews/disable-provider.ts'
import { reviewAdmins } from './reviews/review-admins.ts'
import { reviewAudit } from './reviews/review-audit.ts'
import { reviewClients } from './reviews/review-clients.ts'
import { reviewLimits } from './reviews/review-limits.ts'
import { reviewPasswords } from './reviews/review-passwords.ts'
import { reviewSecrets } from './reviews/review-secrets.ts'
import { snapshotInstance } from './snapshot-instance.ts'
import { sweepOver } from './sweep.ts'

/** Everything a worker can do. A name that a playbook may use and that is missing here does not compile. */
export const actions: Readonly<Record<ActionName, Action>> = {
  'snapshot-account': snapshotAccount,
  'revoke-sessions': revokeSessions,
  'reset-password': resetPassword,
  'reset-mfa': resetMfa,
  'close-doors': closeDoors,
  'suspend-account': suspendAccount,
  'restore-access': restoreAccess,
  'snapshot-instance': snapshotInstance,
  'rotate-admin-token': rotateAdminToken,
  'make-signing-key': makeKey,
  'replace-signing-key': replaceKey,
  'invalidate-tokens': invalidateTokens,
  'check-signing-key': checkKey,
  'reset-everybodys-mfa': resetEverybodysMfa,
  'revoke-everybody': revokeEverybody,
  'unlock-accounts': unlockAccounts,
  'disable-client': disableClient,
  'disable-provider': disableProvider,
  'close-setting': closeSetting,
  'review-audit': reviewAudit,
  'review-admins': reviewAdmins,
  'review-clients': reviewClients,
  'review-passwords': reviewPasswords,
  'review-secrets': reviewSecrets,
  'review-limits': reviewLimits,
  'list-affected': listAffected,
  'demote-admin': demoteAdmin,
  'hold-account': holdAccount,
  'lift-hold': liftHold,
  'limit-requests': limitRequests,
  'restrict-admin-api': restrictAdminApi,
  sweep: sweepOver((name) => actions[name].again),
}
