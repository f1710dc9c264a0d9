import type { ActionName } from '#/playbook/playbook.ts'
import type { Action } from './action.ts'
import { closeDoors } from './close-doors.ts'
import { resetMfa } from './reset-mfa.ts'
import { resetPassword } from './reset-password.ts'
import { restoreAccess } from './restore-access.ts'
import { revokeSessions } from './revoke-sessions.ts'
import { snapshotAccount } from './snapshot-account.ts'
import { suspendAccount } from './suspend-account.ts'
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
  sweep: sweepOver((name) => actions[name].again),
}
