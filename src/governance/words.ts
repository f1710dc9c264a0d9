import type { PersonsGovernanceCommand } from './commands.ts'

/** What somebody tried to do, for the record of a refusal. Nothing of what was typed. */
export function changeTried(command: PersonsGovernanceCommand): string {
  switch (command.type) {
    case 'AskToAdopt':
      return 'ask for another policy'
    case 'AskToRegister':
      return 'register a terminal key'
    case 'RevokeKey':
      return 'revoke a terminal key'
    case 'ApproveChange':
      return `approve ${command.change}`
    case 'DenyChange':
      return `deny ${command.change}`
    case 'WithdrawChange':
      return `withdraw ${command.change}`
  }
}
