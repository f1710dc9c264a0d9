import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fold } from '#/deciders/incidents.ts'
import { prepareCompany } from '#/drill/autentico/company.ts'
import type { Planted } from '#/drill/autentico/steal-admin.ts'
import type { Thief } from '#/drill/autentico/thief.ts'
import { type Member, member, until } from '#/drill/crew.ts'
import { createLedgerFile } from '#/drill/page/glass/ledger-file.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import { type Stage, setStage } from '#/drill/stage.ts'
import { plainMessage, threadPrinter } from '#/drill/terminal.ts'
import type { IncidentId } from '#/incident/events.ts'
import { holdInForce } from '#/incident/hold-state.ts'
import { isGood, isRead, isRestored, type OpenedIncident, stepState, stepsOf } from '#/incident/state.ts'
import { openLedgerReader } from '#/ledger/reader.ts'
import { verifyDataDir } from '#/record/verify-data-dir.ts'
import { playOn } from './drill-player.ts'
import { inputsFor, isRogue, knownToReviews, type Plot, plots, robbedAdmin } from './drill-plots.ts'

const print = (line = ''): void => void process.stdout.write(`${line}\n`)
/** What takes half an hour elsewhere. */
const quickHolds = 'schema: 1\nhold: { allowed: true, by: [responders], length: 8s }\n'
const whileHeld = 'while alice is on hold'

const scene = (line: string): void => print(`\n▶ ${line}`)

/**
 * Plays an incident in the terminal: two people handle it in a local Slack, the real program acts on a local Autentico, and an attacker
 * tries every door in between. 0 only if everything was proven, the ledger verifies, and nobody got in afterwards. 2: there is no such playbook.
 */
export async function playDrill(playbook: string): Promise<number> {
  const plot = plots.find((one) => one.playbook === playbook)
  if (plot === undefined) {
    const all = plots.map((one) => `  ${one.playbook}`).join('\n')
    process.stderr.write(`There is no playbook “${playbook}” to be played. These are there:\n${all}\n`)
    return 2
  }
  const dataDir = process.env['DATA_DIR']
  if (dataDir !== undefined) mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  print(
    'Autentico Responder, drill. Everything runs on this machine: a private Redis, a local Slack, a local Autentico.',
  )
  await using stage = await setStage({
    // Nobody reads along in that Slack, so that nothing need be spared; on the page its limits are the real ones.
    slack: { rateLimit: false },
    front: plot.front === true,
    ...(plot.holdsFirst === true ? { policy: quickHolds } : {}),
    ...(plot.settings === undefined ? {} : { autentico: { settings: plot.settings } }),
    env: { ...knownToReviews, ...(dataDir === undefined ? {} : { DATA_DIR: dataDir }) },
  })
  const planted = await prepareCompany(stage.autentico, { admin: robbedAdmin })
  const program = await startProgram(stage.env)
  const printThread = threadPrinter(print)
  const watching = setInterval(() => printThread(inIncidents(stage)), 100)
  try {
    const failures = await story({ stage, program, plot, planted })
    printThread(inIncidents(stage))
    for (const failure of failures) print(`✗ ${failure}`)
    print(failures.length === 0 ? '\nThe drill went as it should.' : '\nThe drill FAILED.')
    return failures.length === 0 ? 0 : 1
  } catch (error) {
    printThread(inIncidents(stage))
    print(`✗ The drill broke off: ${error instanceof Error ? error.message : String(error)}`)
    print(program.lines.slice(-10).join('\n'))
    return 1
  } finally {
    clearInterval(watching)
    await program.stop()
  }
}

function inIncidents(stage: Stage): ReturnType<Member['actor']['sees']> {
  return stage.slack
    .as('bao')
    .sees()
    .filter(({ ephemeral }) => !ephemeral)
}

type Told = { readonly stage: Stage; readonly program: Program; readonly plot: Plot; readonly planted: Planted }

async function story({ stage, program, plot, planted }: Told): Promise<readonly string[]> {
  const ana = member(stage.slack.as('ana'))
  const bao = member(stage.slack.as('bao'))
  const gil = member(stage.slack.as('gil'))
  const dataDir = stage.env['DATA_DIR'] ?? ''

  scene(plot.stolen)
  const mallory = await plot.steal(stage.autentico, planted)
  await attack(mallory, { which: mallory.repeatable, when: 'before anything is done' })

  scene(
    `ana types /autentico incident ${plot.playbook}${plot.target === undefined ? '' : ` and picks ${plot.target}`}.`,
  )
  const { playbook, target, summary } = plot
  const opened = await ana.openIncident({ playbook, summary, ...(target === undefined ? {} : { target }) })
  if (!opened.ok) throw new Error(`the form was not taken: ${opened.text}`)
  await ana.actor.close()
  const id = /INC-\d+/.exec(opened.now === 'updated' ? opened.form.title : '')?.[0] as IncidentId
  print(`\nIncident ${id}`)
  using ledger = openLedgerReader({ file: join(dataDir, 'ledger.sqlite') })
  const incident = (): OpenedIncident => {
    const found = fold(ledger, id)
    if (found === undefined) throw new Error(`${id} is not in the ledger`)
    return found
  }

  const failures: string[] = []
  let voids = 0
  const times = new Set<string>()
  const attackAt = async (when: string, which: readonly string[]): Promise<readonly string[]> => {
    if (times.has(when)) return []
    times.add(when)
    scene(`Mallory tries ${which.length === mallory.doors.length ? 'every door' : 'again'}, ${when}.`)
    return attack(mallory, { which, when })
  }
  const hold = async (): Promise<void> => {
    scene(`chi puts ${incident().target.username} on hold: one person may, because it lifts by itself.`)
    await member(stage.slack.as('chi')).pressWhenThere(/^Hold /, 30_000)
    await until(() => (holdInForce(incident())?.phase === 'held' ? true : undefined), 'the hold', 30_000)
    failures.push(...(await attackAt(whileHeld, mallory.repeatable)))
    scene('Nobody confirms the hold, so it lifts by itself.')
    await until(() => (holdInForce(incident()) === undefined ? true : undefined), 'the end of the hold', 60_000)
  }
  await playOn({
    ana,
    bao,
    incident,
    isRogue: (finding) => isRogue(finding, planted),
    inputs: inputsFor(new Date()),
    closing: plot.closing,
    scene,
    aside: (person, line) => print(`  (only ${person} sees this) ${line}`),
    refused: async () => {
      scene('ana tries to approve her own request.')
      await ana.press(/^Approve/)
      print(`  (only ana sees this) ${plainMessage(await ana.toldAlone(/somebody else has to approve/))}`)
      scene('gil, a guest, tries to approve.')
      await gil.press(/^Approve/)
      print(`  (only gil sees this) ${plainMessage(await gil.toldAlone(/Guests cannot/))}`)
      if (plot.signsInAgain === true) await attackAt('while the request waits', mallory.repeatable)
    },
    voided: (what) => {
      voids += 1
      scene(`The approval did not count, and nothing was done: ${what} What is true now is shown, to be approved anew.`)
    },
    calm: async (now) => {
      if (plot.holdsFirst === true && isRead(now) && !times.has(whileHeld)) await hold()
      if (now.containedAt !== undefined) {
        if (!times.has('after containment')) print('\ncontained')
        failures.push(...(await attackAt('after containment', mallory.doors)))
      } else if (isHalfway(now)) await attackAt('halfway', mallory.repeatable)
      if (isRestored(now)) failures.push(...(await attackAt('after access was restored', mallory.doors)))
    },
  })
  if (plot.signsInAgain === true && voids === 0)
    failures.push('Mallory signed in between request and approval, and the approval counted all the same.')
  const inAgain = await attackAt('after it was closed', mallory.doors)
  const hindrance = plot.hindrance?.()
  if (hindrance === undefined) failures.push(...inAgain, ...leftOpen(incident()))
  else print(`\nnot contained: ${hindrance}`)
  await ana.reads(/closed · (✅ contained and proven|⚠️ not contained)/, 30_000)
  await ana.reads(/checkpoint over \d+ entries/, 30_000)

  scene('bao asks the bot whether the record is whole.')
  await askForVerdict(bao, id, /The ledger holds/)
  failures.push(...(await tamper({ bao, id, dataDir })))
  await until(() => (everythingPosted(stage) ? true : undefined), 'the last line of the thread', 30_000)
  const code = await program.stop()
  if (code !== 0) failures.push(`The program ended with ${code ?? 'a signal'} when it was asked to stop.`)
  if ((await verify(dataDir)) !== 0) failures.push('The ledger does not verify.')
  return failures
}

/** Somebody with the bot's disk changes one byte of the record; whoever asks is told in which entry, and after it is put back that all holds. */
async function tamper({
  bao,
  id,
  dataDir,
}: {
  readonly bao: Member
  readonly id: IncidentId
  readonly dataDir: string
}): Promise<readonly string[]> {
  const intruder = createLedgerFile({
    file: join(dataDir, 'ledger.sqlite'),
    verify: async () => verifyDataDir(dataDir),
    noticed: print,
    onChange: () => undefined,
  })
  scene('Somebody with access to the bot’s disk changes one byte of the ledger, and bao asks again.')
  await intruder.turn('tampered')
  const seq = intruder.ledgerFile().tampered?.seq
  const verdict = await askForVerdict(bao, id, /The ledger does not hold/)
  scene('The byte is put back, and bao asks once more.')
  await intruder.turn('restored')
  await askForVerdict(bao, id, /The ledger holds/)
  return verdict.includes(`Entry ${seq ?? ''}:`) ? [] : [`The changed entry ${seq ?? ''} was not named.`]
}

/** `/autentico verify`, and what is told to whoever typed it. */
async function askForVerdict(who: Member, id: IncidentId, verdict: RegExp): Promise<string> {
  for (const { ts, ephemeral } of who.actor.sees()) if (ephemeral) who.actor.dismiss(ts)
  await who.actor.command(`/autentico verify ${id}`)
  const told = plainMessage(await who.toldAlone(verdict))
  print(`  (only ${who.actor.user().handle} sees this) ${told.replaceAll('\n', '\n  ')}`)
  return told
}

function isHalfway(incident: OpenedIncident): boolean {
  const steps = incident.playbook.steps.map(({ id }) => stepState(incident, id))
  const done = steps.filter(isGood).length
  return done * 2 >= steps.length - 1 && done > 0
}

/** What stands against calling it proven. What only people outside can do counts by their word. */
function leftOpen(incident: OpenedIncident): readonly string[] {
  const steps = stepsOf(incident).flatMap((step) => {
    const state = stepState(incident, step.id)
    const isByHand = state.status === 'attested' && step.kind === 'record' && step.found?.finding.byHand === true
    return isGood(state) || isByHand ? [] : [`“${step.title}” is ${state.status}.`]
  })
  return [...(incident.containedAt === undefined ? ['It was never contained.'] : []), ...steps]
}

/** Tries the doors one after the other, says what came of it, and gives back a line for each that opened. */
async function attack(
  mallory: Thief,
  { which, when }: { readonly which: readonly string[]; readonly when: string },
): Promise<readonly string[]> {
  const open: string[] = []
  for (const door of which) {
    const { got, detail } = await mallory.attempt(door)
    print(`  mallory  ${got === 'in' ? '⚠ GOT IN ' : '✓ kept out'}  ${door.padEnd(26)}  ${detail}`)
    if (got === 'in') open.push(`Mallory got in by the ${door} ${when}.`)
  }
  return open
}

/** Whether the checkpoint that follows the closing stands in the thread. */
function everythingPosted(stage: Stage): boolean {
  const posts = inIncidents(stage).map(({ text }) => text)
  const closing = posts.findIndex((text) => /closed the incident/.test(text))
  return closing !== -1 && posts.slice(closing).some((text) => /signed a checkpoint/.test(text))
}

async function verify(dataDir: string): Promise<number | null> {
  const main = join(import.meta.dirname, '../main.ts')
  const child = spawn(process.execPath, [main, 'verify', '--data-dir', dataDir], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  return code
}
