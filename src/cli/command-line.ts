import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError, Option } from 'commander'
import type { IncidentId } from '#/incident/events.ts'
import { openLedgerReader } from '#/ledger/reader.ts'
import { type Role, readConfig, type Secrets } from '../config.ts'
import { openKeyring, publicKeysOf } from '../keyring.ts'
import { createLog } from '../log.ts'
import { backUp } from './backup.ts'
import { type ExportFormat, exportIncident } from './export.ts'
import { exportFiles } from './export-files.ts'
import { addPolicyCommands } from './policy.ts'
import type { Surroundings } from './surroundings.ts'
import { addTerminalCommands } from './terminal/commands.ts'
import { type VerifyOptions, verifyAndTell } from './verify.ts'

type ExportOptions = {
  readonly format: ExportFormat | 'pack'
  readonly out?: string
  readonly files?: string
  readonly askAutentico?: boolean
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
  const dataDir = new Option('--data-dir <path>', 'where the ledger is').default(around.env['DATA_DIR'] ?? 'data')
  type At = { readonly dataDir: string }

  program
    .command('start')
    .description('run the bot, the worker, or both')
    .addOption(new Option('--role <role>', 'what runs here').choices(['both', 'bot', 'worker']))
    .action(async ({ role }: { readonly role?: Role }) => {
      answer.code = await start(around, role)
    })
  program
    .command('doctor')
    .description('check the configuration and everything it names')
    .option('--json', 'one JSON object')
    .action(async ({ json = false }: { readonly json?: boolean }) => {
      const { doctor } = await import('./doctor.ts')
      answer.code = await doctor(around, json)
    })
  program
    .command('verify')
    .description('recompute the whole ledger, or an evidence pack, and compare it with every checkpoint')
    .argument('[files...]', 'a pack (.zip) first, if one is meant; checkpoints that were kept elsewhere')
    .addOption(dataDir)
    .option('--key <vkey>', 'the first verifier key, as it was kept elsewhere')
    .option('--json', 'one JSON object')
    .action(async (files: readonly string[], options: VerifyOptions) => {
      answer.code = await verifyAndTell(files, { ...options, out: around.out })
    })
  program
    .command('export')
    .description('write one incident out')
    .argument('<incident>', 'such as INC-7')
    .addOption(
      new Option('--format <format>', 'for people, every entry as it stands, or all of it in one zip')
        .choices(['markdown', 'jsonl', 'pack'])
        .default('markdown', 'pack where the file ends in .zip, else markdown'),
    )
    .option('--out <file>', 'a file instead of standard output; it must not exist')
    .option('--files <folder>', 'its evidence, each piece as a file in this folder, instead of the text')
    .option('--ask-autentico', 'for a pack: with what the audit log of AUTENTICO_URL says now')
    .addOption(dataDir)
    .action(async (id: string, options: At & ExportOptions) => {
      answer.code = await exportAs(around, id, options)
    })
  program
    .command('backup')
    .description('copy the ledger to a new file while the bot runs')
    .argument('<file>', 'must not exist')
    .addOption(dataDir)
    .action(async (file: string, options: At) => {
      answer.code = await backUp({ ...options, file, out: around.out })
    })
  const keys = program
    .command('keys')
    .description('print the public keys that the other role has to be given')
    .addOption(new Option('--role <role>', 'whose keys').choices(['bot', 'worker']))
    .addOption(dataDir)
    .action(({ role, ...options }: At & { readonly role?: 'bot' | 'worker' }) => {
      if (role === undefined) return keys.error("error: required option '--role <role>' not specified")
      return printKeys(around, { ...options, role })
    })
  keys
    .command('rotate')
    .description('replace a signing key of the bot, which has to be stopped; an entry that both keys sign says so')
    .addOption(new Option('--role <role>', 'whose key').choices(['bot']).default('bot'))
    .addOption(new Option('--key <key>', 'which one').choices(['ledger', 'orders']).default('ledger'))
    .addOption(dataDir)
    .action(async (options: At & { readonly key: 'ledger' | 'orders' }) => {
      const { rotateKeyAndTell } = await import('./keys.ts')
      rotateKeyAndTell({ ...options, out: around.out })
    })
  const playbook = program
    .command('playbook')
    .description('look at playbooks: those that come with the program, and your own')
  playbook
    .command('validate')
    .description('tell every problem of playbook files, with line and column')
    .argument('<files...>', 'YAML files')
    .action(async (files: readonly string[]) => {
      const { validatePlaybooks } = await import('./playbooks.ts')
      answer.code = validatePlaybooks(files, around.out)
    })
  playbook
    .command('schema')
    .description('print the JSON Schema of a playbook file, for editors')
    .action(async () => {
      const { schemaText } = await import('./playbooks.ts')
      around.out(schemaText())
    })
  playbook
    .command('list')
    .description('list the playbooks that can be chosen, with their digests')
    .addOption(
      new Option('--playbooks-dir <path>', 'where your own are').default(
        around.env['PLAYBOOKS_DIR'] || undefined,
        'PLAYBOOKS_DIR',
      ),
    )
    .option('--json', 'one JSON object')
    .action(async (options: { readonly playbooksDir?: string; readonly json?: boolean }) => {
      const { listPlaybooks } = await import('./playbooks.ts')
      listPlaybooks({ directory: options.playbooksDir, json: options.json === true, out: around.out })
    })
  addPolicyCommands(program, { env: around.env, out: around.out, exit: (code) => void (answer.code = code) })
  addTerminalCommands(program, { around, dataDir, answer })

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

/**
 * Errors whose message says what an operator has to do; a stack would only hide it. By their names: to look at a ledger, nothing of
 * Slack or Redis has to be loaded.
 */
const forOperators: ReadonlySet<string> = new Set([
  'BackupRefused',
  'BotSilent',
  'ConfigError',
  'HealthAddressUnusable',
  'KeyUnusable',
  'LedgerDamaged',
  'LedgerLocked',
  'LedgerTaken',
  'LedgerUnusable',
  'PersonalKeyUnusable',
  'PlaybooksFaulty',
  'RedisUnfit',
  'RotationRefused',
  'SlackRejected',
])

function isForOperators(error: unknown): error is Error {
  return error instanceof Error && forOperators.has(error.name)
}

async function start(around: Surroundings, role: Role | undefined): Promise<ExitCode> {
  const { config, secrets } = readConfig(around.env, role)
  const { startApp } = await import('../app.ts')
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

async function exportAs(around: Surroundings, id: string, options: ExportOptions & { readonly dataDir: string }) {
  const { format, out, files, dataDir } = options
  if (format === 'pack' || out?.toLowerCase().endsWith('.zip') === true) return exportPackTo(around, id, options)
  const code =
    files === undefined || out !== undefined ? exportTo(around, id, { dataDir, format, ...optional(out) }) : 0
  return files === undefined || code !== 0 ? code : exportFilesTo(around, id, { dataDir, folder: files })
}

function optional(out: string | undefined): { readonly out?: string } {
  return out === undefined ? {} : { out }
}

async function exportPackTo(
  around: Surroundings,
  id: string,
  { dataDir, out, askAutentico: asks }: ExportOptions & { readonly dataDir: string },
): Promise<ExitCode> {
  if (out === undefined) {
    around.err('A pack is a zip file: say where to with --out.\n')
    return 2
  }
  const [{ exportPack }, ask] = await Promise.all([
    import('./export-pack.ts'),
    asks === true ? import('./ask-audit.ts').then(({ askAutentico }) => askAutentico(around.env)) : undefined,
  ])
  const incident = incidentNamed(id)
  const exported = await exportPack(incident, { dataDir, out, ask })
  if (exported.kind === 'no such incident') return noSuchIncident(around, incident)
  if (exported.kind === 'taken') return isThere(around, out)
  around.out(`${out}\n`)
  for (const sentence of exported.missing) around.err(`${sentence}\n`)
  return exported.missing.length === 0 ? 0 : 1
}

function isThere(around: Surroundings, out: string): ExitCode {
  around.err(`${out} exists: an export never overwrites. Name another file.\n`)
  return 2
}

function exportTo(
  around: Surroundings,
  id: string,
  { dataDir, format, out }: { readonly dataDir: string; readonly format: ExportFormat; readonly out?: string },
): ExitCode {
  using ledger = openLedgerReader({ file: join(dataDir, 'ledger.sqlite') })
  const incident = incidentNamed(id)
  const text = exportIncident(ledger, incident, format)
  if (text === undefined) return noSuchIncident(around, incident)
  if (out === undefined) around.out(text)
  else if (existsSync(out)) return isThere(around, out)
  else writeFileSync(out, text, { flag: 'wx', mode: 0o600 })
  return 0
}

async function exportFilesTo(
  around: Surroundings,
  id: string,
  { dataDir, folder }: { readonly dataDir: string; readonly folder: string },
): Promise<ExitCode> {
  using ledger = openLedgerReader({ file: join(dataDir, 'ledger.sqlite') })
  const incident = incidentNamed(id)
  const written = await exportFiles(ledger, incident, { dataDir, folder })
  if (written.kind === 'no such incident') return noSuchIncident(around, incident)
  if (written.kind === 'taken') {
    around.err(`${written.files.join(', ')} exists: an export never overwrites. Name another folder.\n`)
    return 2
  }
  for (const file of written.files) around.out(`${file}\n`)
  for (const problem of written.problems) around.err(`${problem}\n`)
  return written.problems.length === 0 ? 0 : 1
}

function incidentNamed(id: string): IncidentId {
  return (/^\d+$/.test(id) ? `INC-${id}` : id.toUpperCase()) as IncidentId
}

function noSuchIncident(around: Surroundings, incident: IncidentId): ExitCode {
  around.err(`There is no incident ${incident} in this ledger.\n`)
  return 1
}

function printKeys(
  around: Surroundings,
  { role, dataDir }: { readonly role: 'bot' | 'worker'; readonly dataDir: string },
): void {
  const keyring = openKeyring({ role, dataDir, keys: { botPublicKeys: undefined, workerPublicKeys: undefined } })
  around.out(publicKeysOf(keyring)[role] ?? '')
}
