import type { ActionName } from '#/playbook/playbook.ts'
import type { Action } from './action.ts'
import { checkKey } from './check-signing-key.ts'
import { closeDoors } from './close-doors.ts'
import { closeSetting } from './close-setting.ts'
import { demoteAdmin } from './demote-admin.ts'
import { disableClient } from './disable-client.ts'
import { disableProvider } from './disable-provider.ts'
import { invalidateTokens } from './invalidate-tokens.ts'
import { limitRequests } from './limit-requests.ts'
import { listAffected } from './list-affected.ts'
import { makeKey } from './make-signing-key.ts'
import { replaceKey } from './replace-signing-key.ts'
import { resetEverybodysMfa } from './reset-everybodys-mfa.ts'
import { resetMfa } from './reset-mfa.ts'
import { resetPassword } from './reset-password.ts'
import { restoreAccess } from './restore-access.ts'
import { restrictAdminApi } from './restrict-admin-api.ts'
import { reviewAdmins } from './review-admins.ts'
import { reviewAudit } from './review-audit.ts'
import { reviewClients } from './review-clients.ts'
import { reviewLimits } from './review-limits.ts'
import { reviewPasswords } from './review-passwords.ts'
import { reviewSecrets } from './review-secrets.ts'
import { revokeEverybody } from './revoke-everybody.ts'
import { revokeSessions } from './revoke-sessions.ts'
import { rotateAdminToken } from './rotate-admin-token.ts'
import { snapshotAccount } from './snapshot-account.ts'
import { snapshotInstance } from './snapshot-instance.ts'
import { suspendAccount } from './suspend-account.ts'
import { sweepOver } from './sweep.ts'
import { unlockAccounts } from './unlock-accounts.ts'

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
  'limit-requests': limitRequests,
  'restrict-admin-api': restrictAdminApi,
  sweep: sweepOver((name) => actions[name].again),
}
