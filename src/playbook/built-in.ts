import { accountCompromise } from './account-compromise.ts'
import type { Playbook } from './playbook.ts'

/** The playbooks that come with the program, in the order in which the form offers them. */
export const builtInPlaybooks: readonly Playbook[] = [accountCompromise]
