import process from 'node:process'
import { Command, CommanderError, InvalidArgumentError } from 'commander'

/** What `npm run demo` may be told. */
type Options = {
  readonly auto?: true
  readonly playbook?: string
  readonly port?: number
  readonly open: boolean
  readonly stepUp?: true
}

process.exitCode = await demo(process.argv.slice(2))

/** Opens the drill's page, or plays the drill in the terminal. 0: it went as it should. 1: it did not. 2: it could not run as asked. */
async function demo(args: readonly string[]): Promise<number> {
  const program = new Command('demo')
    .description(
      'Live through a security incident as two people: a local Slack, a local Autentico and a private Redis, and the real program between them. Everything stays on this machine.',
    )
    .option('--auto', 'play it here in the terminal instead, and check what comes of it')
    .option('--playbook <name>', 'with --auto: which one (default: account-compromise)')
    .option('--port <n>', 'where the page is on 127.0.0.1 (default: 4600, or the next free one)', portOf)
    .option('--no-open', 'open no browser')
    .option('--step-up', 'on the page: approvals count only after a sign-in to the local Autentico')
    .exitOverride()
  try {
    program.parse([...args], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    throw error
  }
  const { auto, playbook, port, open, stepUp = false } = program.opts<Options>()
  if (auto === true && stepUp) {
    process.stderr.write('--step-up is for the page: nobody signs in where the drill is played in the terminal.\n')
    return 2
  }
  if (auto === true) {
    const { playDrill } = await import('./drill-played.ts')
    return playDrill(playbook ?? 'account-compromise')
  }
  if (playbook !== undefined) {
    process.stderr.write('--playbook goes with --auto: on the page every playbook is in the form.\n')
    return 2
  }
  // Said at once: setting the stage takes a while.
  const { whyNotPort } = await import('./drill-port.ts')
  const problem = port === undefined ? undefined : await whyNotPort(port)
  if (problem !== undefined) {
    process.stderr.write(`${problem}\n`)
    return 2
  }
  const { openDrill } = await import('./drill-page.ts')
  return openDrill({ port, browser: open, stepUp })
}

function portOf(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('A port is a number from 0 to 65535; 0 picks a free one.')
}
