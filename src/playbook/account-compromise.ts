import type { Playbook, StepId } from './playbook.ts'

/**
 * "If a user account may be compromised", all five steps in the document's order.
 *
 * What the document would miss, and the actions add: a session opened between steps 1 and 2 survives a password change,
 * so step 2 revokes again; `totp_verified = false` alone lets a half-finished login enrol its own authenticator, so step 3
 * clears those first; and besides passkeys there are other doors that open a new session, all closed by step 4.
 */
export const accountCompromise: Playbook = {
  id: 'account-compromise',
  title: 'Compromised user account',
  shortTitle: 'Compromised account',
  section: 'If a user account may be compromised',
  target: 'account',
  snapshot: 'snapshot-account',
  sweep: 'sweep',
  steps: [
    {
      id: 'revoke-sessions' as StepId,
      title: 'Revoke all sessions',
      document: 'Revoke all sessions for the user.',
      does: 'Ends every session, single sign-on cookie and token of the account, then reads back that none is left.',
      action: 'revoke-sessions',
      kind: 'containment',
    },
    {
      id: 'reset-password' as StepId,
      title: 'Reset the password',
      document: 'Reset the password: set a new password.',
      does: 'Sets a random password that nobody is shown, then revokes again: a session survives a new password.',
      action: 'reset-password',
      kind: 'containment',
    },
    {
      id: 'reset-mfa' as StepId,
      title: 'Reset MFA',
      document: 'Set totp_verified = false so the user must re-enroll with a new TOTP secret.',
      does: 'Ends half-finished logins first, then clears the authenticator, its secret and the trusted devices.',
      action: 'reset-mfa',
      kind: 'containment',
      fallbacks: ['attest'],
    },
    {
      id: 'revoke-passkeys' as StepId,
      title: 'Revoke passkeys',
      document: 'Delete any passkey credentials associated with the account.',
      does: 'Deletes passkeys and everything else that opens a new session: links, codes, trusted devices, linked accounts.',
      action: 'close-doors',
      kind: 'containment',
      fallbacks: ['suspend', 'attest'],
    },
    {
      id: 'notify' as StepId,
      title: 'Notify the user, then restore access',
      document: 'Notify the user out-of-band and require them to verify their identity before restoring access.',
      does: 'Records who told the user, how, and how identity was checked; only then hands over a temporary password.',
      action: 'restore-access',
      kind: 'recovery',
      needsNotification: true,
    },
  ],
}
