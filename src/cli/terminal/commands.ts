import { type Command, InvalidArgumentError, Option } from 'commander'
import type { IncidentId, StepRequestKind } from '#/incident/events.ts'
import { type ActionName, actionNames } from '#/playbook/playbook.ts'
import type { Surroundings } from '../surroundings.ts'
import type { ActOptions, Wish } from './act.ts'
import { defaultKeyFile, type KeyOptions, passphraseVariable } from './keys.ts'

type Answer = { code: 0 | 1 | 2 }
type At = { readonly dataDir: string; readonly json?: boolean }

const kinds: readonly StepRequestKind[] = ['run', 'suspend', 'attest', 'expect', 'answer', 'skip', 'skip-rest']

/** What people can do from a terminal, for when Slack is down. Each command loads what it needs when it is run. */
export function addTerminalCommands(
  program: Command,
  { around, dataDir, answer }: { readonly around: Surroundings; readonly dataDir: Option; readonly answer: Answer },
): void {
  addKeyCommands(program, around, answer)
  addLooking(program, { around, dataDir, answer })

  /** A command that is signed. */
  const acting = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .helpGroup('When Slack is down, signed with your own key:')
      .argument('<incident>', 'such as INC-7', incidentOf)
      .addOption(keyOption(around))
      .option('--passphrase-file <file>', `holds the passphrase of the key; or set ${passphraseVariable}`)
      .addOption(dataDir)
      .option('--json', 'one JSON object')
  const signed = async (id: IncidentId, options: ActOptions, wish: Wish): Promise<void> => {
    const { act } = await import('./act.ts')
    answer.code = await act(around, { id, options, wish })
  }

  acting('request', 'ask for a step')
    .argument('<step>', 'its number or its id, as `incident show` has them')
    .addOption(new Option('--kind <kind>', 'what is asked for').choices([...kinds]).default('run'))
    .option('--reason <text>', 'why; needed for everything but run and suspend')
    .option('--input <name=value>', 'a field of the form, once for each', collectInput, {})
    .addOption(new Option('--action <action>', 'which of the ways that a finding offers').choices([...actionNames]))
    .option('--answer <id>', 'the answer to a question')
    .action(
      async (
        id: IncidentId,
        step: string,
        options: ActOptions & {
          readonly kind: StepRequestKind
          readonly reason?: string
          readonly input: Readonly<Record<string, string>>
          readonly action?: ActionName
          readonly answer?: string
        },
      ) => {
        const { toRequest } = await import('./wishes.ts')
        await signed(id, options, toRequest(step, options))
      },
    )
  acting('approve', 'approve a request, exactly as it is shown')
    .argument('<request>', 'such as r3, or its code')
    .option('--code <code>', 'its code, where nobody is there to type it')
    .option('--typed <word>', 'what has to be typed besides, where the request wants that')
    .option('--reason <text>', 'why, where the policy asks for it')
    .action(
      async (
        id: IncidentId,
        request: string,
        options: ActOptions & { readonly code?: string; readonly typed?: string; readonly reason?: string },
      ) => {
        const { toApprove } = await import('./wishes.ts')
        await signed(id, options, toApprove(around, { ...options, request }))
      },
    )
  acting('deny', 'deny a request')
    .argument('<request>', 'such as r3, or its code')
    .requiredOption('--reason <text>', 'why')
    .action(async (id: IncidentId, request: string, options: ActOptions & { readonly reason: string }) => {
      const { toDeny } = await import('./wishes.ts')
      await signed(id, options, toDeny(request, options.reason))
    })
  acting('withdraw', 'take your own request back')
    .argument('<request>', 'such as r3, or its code')
    .action(async (id: IncidentId, request: string, options: ActOptions) => {
      const { toWithdraw } = await import('./wishes.ts')
      await signed(id, options, toWithdraw(request))
    })
  acting('hold', 'suspend the target at once, alone and for a while').action(
    async (id: IncidentId, options: ActOptions) => {
      await signed(id, options, async () => ({ type: 'HoldTarget' }))
    },
  )
  acting('note', 'put a note on record')
    .argument('<text>')
    .action(async (id: IncidentId, text: string, options: ActOptions) => {
      await signed(id, options, async () => ({ type: 'AddNote', text }))
    })
  acting('stop', 'stop the work of an incident')
    .option('--reason <text>', 'why')
    .action(async (id: IncidentId, options: ActOptions & { readonly reason?: string }) => {
      const { reason } = options
      await signed(id, options, async () => ({ type: 'StopWork', ...(reason === undefined ? {} : { reason }) }))
    })
  acting('resume', 'ask for stopped work to go on').action(async (id: IncidentId, options: ActOptions) => {
    await signed(id, options, async () => ({ type: 'AskToResume' }))
  })
}

function addKeyCommands(program: Command, around: Surroundings, answer: Answer): void {
  const key = program.command('key').description('your own key, to act with when Slack is down')
  key
    .command('make')
    .description('make one; two people register it in Slack: `/autentico key`')
    .option('--out <file>', 'where it is kept; must not exist', defaultKeyFile(around.env))
    .option('--passphrase-file <file>', `holds the new passphrase; or set ${passphraseVariable}`)
    .option('--unencrypted', 'without a passphrase: whoever has the file is you')
    .option('--json', 'one JSON object')
    .action(
      async (options: {
        readonly out: string
        readonly passphraseFile?: string
        readonly unencrypted?: boolean
        readonly json?: boolean
      }) => {
        const { makeKey } = await import('./keys.ts')
        const { unencrypted = false, json = false } = options
        answer.code = await makeKey(around, { ...options, encrypt: !unencrypted, json })
      },
    )
  key
    .command('show')
    .description('print its public half and its fingerprint')
    .addOption(keyOption(around))
    .option('--passphrase-file <file>', `holds its passphrase; or set ${passphraseVariable}`)
    .option('--json', 'one JSON object')
    .action(async ({ json = false, ...options }: KeyOptions & { readonly json?: boolean }) => {
      const { showKey } = await import('./keys.ts')
      answer.code = await showKey(around, { ...options, json })
    })
}

function addLooking(
  program: Command,
  { around, dataDir, answer }: { readonly around: Surroundings; readonly dataDir: Option; readonly answer: Answer },
): void {
  const incident = program.command('incident').description('look at incidents, with or without Slack')
  incident
    .command('list')
    .description('list the open incidents')
    .option('--all', 'the closed ones too')
    .addOption(dataDir)
    .option('--json', 'one JSON object')
    .action(async ({ json = false, all = false, ...at }: At & { readonly all?: boolean }) => {
      const { listIncidents } = await import('./look.ts')
      answer.code = listIncidents(around, { ...at, json, all })
    })
  incident
    .command('show')
    .description('show one incident: its steps, what waits for a decision, and what happened last')
    .argument('<incident>', 'such as INC-7', incidentOf)
    .option('--entries <n>', 'how many of the last entries', countOf, 12)
    .addOption(dataDir)
    .option('--json', 'one JSON object')
    .action(async (id: IncidentId, { json = false, ...at }: At & { readonly entries: number }) => {
      const { showIncident } = await import('./look.ts')
      answer.code = showIncident(around, { ...at, json, id })
    })
}

function keyOption({ env }: Surroundings): Option {
  return new Option('--key <file>', 'your key; RESPONDER_KEY names another').default(defaultKeyFile(env))
}

function incidentOf(text: string): IncidentId {
  const id = /^\d+$/.test(text) ? `INC-${text}` : text.toUpperCase()
  if (/^INC-[1-9]\d{0,8}$/.test(id)) return id as IncidentId
  throw new InvalidArgumentError('An incident is named like INC-7.')
}

function countOf(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('A number from 1 on.')
}

function collectInput(text: string, before: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const [, name = '', value = ''] = /^([A-Za-z][\w-]{0,99})=([\s\S]*)$/.exec(text) ?? []
  if (name === '') throw new InvalidArgumentError('A field is given as name=value.')
  return { ...before, [name]: value }
}
