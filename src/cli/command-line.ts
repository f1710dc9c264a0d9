import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError, Option } from 'commander'
import type { IncidentId } from '#/incident/events.ts'
import { BackupRefused } from '#/ledger/backup.ts'
import { LedgerLocked } from '#/ledger/lock.ts'
import { openLedgerReader } from '#/ledger/reader.ts'
import { LedgerUnusable } from '#/ledger/schema.ts'
import { SlackRejected } from '#/slack/failures.ts'
import { KeyUnusable } from '#/work/keys.ts'
import { RedisUnfit } from '#/work/redis.ts'
import { startApp } from '../app.ts'
import { ConfigError, readConfig, type Role, type Secrets } from '../config.ts'
import { openKeyring, publicKeysOf } from '../keyring.ts'
import { createLog } from '../log.ts'
import { backUp } from './backup.ts'
import { doctor } from './doctor.ts'
import { exportIncident, type ExportFormat } from './export.ts'
import { verifyDataDir } from './verify.ts'

/** The process, as far as the commands need it. */
export type Surroundings = {
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly stopped: () => Promise<void>
  readonly stop: () => void
  readonly onUncaught: (tell: (error: unknown) => void) => void
}

/** 0: done. 1: it ran and found something wrong. 2: it could not run as asked: usage, configuration, keys, ledger. */
type ExitCode = 0 | 1 | 2

/** Runs one command and gives its exit code. Never throws for what an operator can mend: that is said on `err`. */
export async function runCommandLine(around: Surroundings): Promise<ExitCode> {
  const answer: { code: ExitCode } = { code: 0 }
  const program = new Command('responder')
    .description('Security incident response on an Autentico identity provider, from Slack.')
    .exitOverride()
    .configureOutput({ writeOut: around.out, writeErr: around.err })
  const act =
    (work: (options: Record<string, unknown>, ...words: string[]) => Promise<ExitCode>) =>
    async (...given: unknown[]): Promise<void> => {
      const options = given.at(-2) as Record<string, unknown>
      const words = given.slice(0, -2).filter((word) => typeof word === 'string')
      answer.code = await work(options, ...words)
    }
  const dataDir = new Option('--data-dir <path>', 'where the ledger is').default(around.env['DATA_DIR'] ?? 'data')

  program
    .command('start')
    .description('run the bot, the worker, or both')
    .addOption(new Option('--role <role>', 'what runs here').choices(['both', 'bot', 'worker']))
    .action(act(async ({ role }) => start(around, role as Role | undefined)))
  program
    .command('doctor')
    .description('check the configuration and everything it names')
    .option('--json', 'one JSON object')
    .action(act(async ({ json }) => doctor(around, json === true)))
  program
    .command('verify')
    .description('recompute the whole ledger and compare it with every checkpoint')
    .argument('[checkpoints...]', 'files, each with a checkpoint that was kept elsewhere')
    .addOption(dataDir)
    .option('--json', 'one JSON object')
    .action(async (files: string[], options: { readonly dataDir: string; readonly json?: boolean }) => {
      answer.code = await verify(around, files, options)
    })
  program
    .command('export')
    .description('write one incident out')
    .argument('<incident>', 'such as INC-7')
    .addOption(new Option('--format <format>', 'for people, or every entry as it stands').choices(['markdown', 'jsonl']).default('markdown'))
    .option('--out <file>', 'a file instead of standard output; it must not exist')
    .addOption(dataDir)
    .action(act(async (options, id) => exportTo(around, id ?? '', options)))
  program
    .command('backup')
    .description('copy the ledger to a new file while the bot runs')
    .argument('<file>', 'must not exist')
    .addOption(dataDir)
    .action(act(async (options, file) => backUp({ dataDir: String(options['dataDir']), file: file ?? '', out: around.out })))
  program
    .command('keys')
    .description('print the public keys that the other role has to be given')
    .addOption(new Option('--role <role>', 'whose keys').choices(['bot', 'worker']).makeOptionMandatory())
    .addOption(dataDir)
    .action(act(async (options) => printKeys(around, options)))

  try {
    await program.parseAsync([...around.args], { from: 'user' })
    return answer.code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (!isForOperators(error)) throw error
    around.err(`${error.message}\n`)
    return 2
  }
}

/** Errors whose message says what an operator has to do; a stack would only hide it. */
function isForOperators(error: unknown): error is Error {
  const kinds = [BackupRefused, ConfigError, KeyUnusable, LedgerLocked, LedgerUnusable, RedisUnfit, SlackRejected]
  return kinds.some((kind) => error instanceof kind)
}

async function start(around: Surroundings, role: Role | undefined): Promise<ExitCode> {
  const { config, secrets } = readConfig(around.env, role)
  const log = createLog({ level: config.logLevel, secrets: valuesOf(secrets), write: around.err })
  let code: ExitCode = 0
  around.onUncaught((error) => log.fatal({ err: error }, 'a bug: the program ends so that it can be started again'))
  {
    await using _app = await startApp({
      config,
      secrets,
      log,
      onStuck: (why) => {
        log.fatal({ why }, 'stuck: the program ends so that it can be started again')
        code = 1
        around.stop()
      },
    })
    await around.stopped()
    log.info('stopping')
  }
  log.info('stopped')
  return code
}

function valuesOf(secrets: Secrets): readonly string[] {
  const { redisUrl, ...others } = secrets
  // The whole URL is no secret, its password is.
  const password = URL.canParse(redisUrl) ? decodeURIComponent(new URL(redisUrl).password) : ''
  return [...Object.values(others).filter((value) => value !== undefined), password]
}

async function verify(
  around: Surroundings,
  files: readonly string[],
  { dataDir, json }: { readonly dataDir: string; readonly json?: boolean },
): Promise<ExitCode> {
  const report = await verifyDataDir(dataDir, files)
  if (json === true) around.out(`${JSON.stringify(report)}\n`)
  else {
    const { entries, head, checkpoints, problems, vkey } = report
    for (const { seq, what } of problems) around.out(`${seq === undefined ? '' : `entry ${seq}: `}${what}\n`)
    around.out(report.ok ? 'ledger verified' : 'ledger NOT verified')
    around.out(`: ${entries} entries, head ${head === undefined ? 'none' : `#${head.seq} ${head.hash}`}, ${checkpoints} checkpoints compared\n`)
    if (vkey !== undefined) around.out(`checkpoint key: ${vkey}\n`)
  }
  return report.ok ? 0 : 1
}

async function exportTo(around: Surroundings, id: string, options: Record<string, unknown>): Promise<ExitCode> {
  using ledger = openLedgerReader({ file: join(String(options['dataDir']), 'ledger.sqlite') })
  const incident = /^\d+$/.test(id) ? `INC-${id}` : id.toUpperCase()
  const text = exportIncident(ledger, incident as IncidentId, options['format'] as ExportFormat)
  if (text === undefined) {
    around.err(`There is no incident ${incident} in this ledger.\n`)
    return 1
  }
  const { out } = options
  if (typeof out === 'string') writeFileSync(out, text, { flag: 'wx', mode: 0o600 })
  else around.out(text)
  return Promise.resolve<ExitCode>(0)
}

async function printKeys(around: Surroundings, { role, dataDir }: Record<string, unknown>): Promise<ExitCode> {
  const keyring = openKeyring({
    role: role as Role,
    dataDir: String(dataDir),
    keys: { botPublicKeys: undefined, workerPublicKeys: undefined },
  })
  const keys = publicKeysOf(keyring)
  around.out((role === 'bot' ? keys.bot : keys.worker) ?? '')
  return Promise.resolve<ExitCode>(0)
}
