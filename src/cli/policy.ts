import type { Command } from 'commander'
import { loadPolicy } from '#/configuration/policy-file.ts'
import { digestOf } from '#/deciders/incidents.ts'
import { policyLines } from '#/governance/policy-words.ts'
import { problemLine } from '#/playbook/yaml-file.ts'
import { type Policy, standardPolicy } from '#/policy/policy.ts'
import { policyJsonSchema } from '#/policy/schema.ts'
import { policyBasis } from '../config.ts'

type Around = {
  readonly env: NodeJS.ProcessEnv
  readonly out: (text: string) => void
  readonly exit: (code: 0 | 1) => void
}

/** The commands about the rules of approval. They read the environment for the lists of people, and change nothing. */
export function addPolicyCommands(program: Command, around: Around): void {
  const policy = program
    .command('policy')
    .description('look at the rules of approval: who says yes to what, how many of them, and how long a request lives')
  policy
    .command('validate')
    .description('tell every problem of a policy file, with line and column; without any, what holds under it')
    .argument('<file>', 'a YAML file')
    .action((file: string) => around.exit(validate(file, around)))
  policy
    .command('show')
    .description('tell what the configuration asks for: POLICY_FILE, or what holds without one')
    .action(() => {
      const file = around.env['POLICY_FILE'] ?? ''
      if (file === '') tell('no file', standardPolicy(policyBasis(around.env).standard), around)
      else around.exit(validate(file, around))
    })
  policy
    .command('schema')
    .description('print the JSON Schema of policy files, for editors')
    .action(() => around.out(`${JSON.stringify(policyJsonSchema(), null, 2)}\n`))
}

/** 1: there are problems. */
function validate(file: string, around: Around): 0 | 1 {
  const { standard, rosters } = policyBasis(around.env)
  const loaded = loadPolicy({ file, standard, rosters })
  if (loaded.kind === 'faulty') {
    for (const problem of loaded.problems) around.out(`${problemLine(problem)}\n`)
    return 1
  }
  tell(file, loaded.policy, around)
  if (rosters === undefined)
    around.out('RESPONDERS and APPROVERS are not set here, so whether there are enough people was not looked at.\n')
  return 0
}

/** What holds, with the digest that incidents record. */
function tell(whose: string, policy: Policy, { out }: Around): void {
  out(`${whose}: policy ${digestOf(policy).slice(0, 12)}\n`)
  for (const line of policyLines(policy)) out(`  ${line}\n`)
}
