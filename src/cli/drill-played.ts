import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { type Door, doors, type Mallory, repeatableDoors } from '#/drill/autentico/attacker.ts'
import { robAlice } from '#/drill/autentico/rob-alice.ts'
import { type Member, member, until, wordsOfForm } from '#/drill/crew.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import { type Stage, setStage } from '#/drill/stage.ts'
import { plainMessage, threadPrinter } from '#/drill/terminal.ts'

const print = (line = ''): void => void process.stdout.write(`${line}\n`)
const scene = (line: string): void => print(`\n▶ ${line}`)

/**
 * Plays an incident in the terminal: two people handle it in a local Slack, the real program acts on a local Autentico, and an attacker
 * tries every door in between. 0 only if containment was proven, the ledger verifies, and nobody got in afterwards.
 */
export async function playDrill(): Promise<number> {
  const dataDir = process.env['DATA_DIR']
  if (dataDir !== undefined) mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  print(
    'Autentico Responder, drill. Everything runs on this machine: a private Redis, a local Slack, a local Autentico.',
  )
  await using stage = await setStage({ env: dataDir === undefined ? {} : { DATA_DIR: dataDir } })
  const program = await startProgram(stage.env)
  const printThread = threadPrinter(print)
  const watching = setInterval(() => printThread(inIncidents(stage)), 100)
  try {
    const failures = await story({ stage, program })
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

async function story({
  stage,
  program,
}: {
  readonly stage: Stage
  readonly program: Program
}): Promise<readonly string[]> {
  const failures: string[] = []
  const ana = member(stage.slack.as('ana'))
  const bao = member(stage.slack.as('bao'))
  const gil = member(stage.slack.as('gil'))

  scene('Mallory has robbed alice: password, tokens, cookies, a passkey of her own, codes and links.')
  const mallory = await robAlice(stage.autentico)
  await attack(mallory, repeatableDoors, 'before anything is done')

  scene('ana types /autentico incident and picks alice.')
  const opened = await ana.openIncident({ target: 'alice', summary: 'Login from two countries, 03:12' })
  if (!opened.ok) throw new Error(`the form was not taken: ${opened.text}`)
  const card = await until(
    () => inIncidents(stage).find(({ thread }) => thread === undefined),
    'the card of the incident',
  )
  const id = /INC-\d+/.exec(card.text)?.[0] ?? ''
  print(`\nIncident ${id}`)

  await step(ana, bao, 1, async () => {
    scene('ana tries to approve her own request.')
    await ana.press(/^Approve/)
    print(`  (only ana sees this) ${plainMessage(await ana.toldAlone(/somebody else has to approve/))}`)
    scene('gil, a guest, tries to approve.')
    await gil.press(/^Approve/)
    print(`  (only gil sees this) ${plainMessage(await gil.toldAlone(/Guests cannot/))}`)
  })
  await step(ana, bao, 2)
  scene('Two steps of the document are done. Mallory tries again.')
  await attack(mallory, repeatableDoors, 'after sessions and password')
  await step(ana, bao, 3)
  await step(ana, bao, 4)

  scene('bao calls alice and records how her identity was checked. The sweep repeats the proof meanwhile.')
  await bao.pressWhenThere(/^Record how/)
  await bao.fillIn('The user was told', { How: 'phone call', 'How identity was checked': 'employee number', Note: '' })
  await ana.reads(/contained: every containment step is proven/, 60_000)
  print('\ncontained')

  scene('Mallory tries every door.')
  failures.push(...(await attack(mallory, doors, 'after containment')))

  await step(ana, bao, 5)
  scene('ana alone is shown the temporary password, once, in a form.')
  await ana.pressWhenThere(/^Show the temporary/)
  const form = await until(
    () => ana.actor.views().find((view) => /shown this once/.test(wordsOfForm(view))),
    'the form with the temporary password',
  )
  print(`  (only ana sees this) ${form.title}: ${'•'.repeat(20)}`)
  await ana.actor.close()

  scene('Access is restored. Mallory tries every door once more.')
  failures.push(...(await attack(mallory, doors, 'after access was restored')))

  await bao.pressWhenThere(/^Close/)
  await bao.fillIn(/^Close/, { 'Closing words': 'Phished password. Passkey of the attacker removed.' })
  await ana.reads(/closed · ✅ contained and proven/, 30_000)
  await ana.reads(/checkpoint over \d+ entries/, 30_000)

  scene('bao asks the bot, and the command line, whether the record is whole.')
  await bao.actor.command(`/autentico verify ${id}`)
  print(`  (only bao sees this) ${plainMessage(await bao.toldAlone(/The ledger holds/)).replaceAll('\n', '\n  ')}`)
  await until(() => (everythingPosted(stage) ? true : undefined), 'the last line of the thread', 30_000)
  const code = await program.stop()
  if (code !== 0) failures.push(`The program ended with ${code ?? 'a signal'} when it was asked to stop.`)
  if ((await verify(stage.env['DATA_DIR'] ?? '')) !== 0) failures.push('The ledger does not verify.')
  return failures
}

/** ana asks, bao looks at the effect and approves, the worker proves. */
async function step(ana: Member, bao: Member, number: number, meanwhile?: () => Promise<void>): Promise<void> {
  scene(`Step ${number}: ana asks${meanwhile === undefined ? ', bao approves' : ''}.`)
  await ana.pressWhenThere(new RegExp(`^Ask for step ${number}`), 60_000)
  await bao.reads(new RegExp(`Step ${number} ·[^]*This will`), 30_000)
  if (meanwhile !== undefined) {
    await meanwhile()
    scene('bao approves.')
  }
  await bao.pressWhenThere(/^Approve/, 30_000)
  await bao.reads(new RegExp(`✅ ${number} [^\\n]*proven`), 60_000)
}

/** Tries the doors one after the other, says what came of it, and gives back a line for each that opened. */
async function attack(mallory: Mallory, which: readonly Door[], when: string): Promise<readonly string[]> {
  const open: string[] = []
  for (const door of which.filter((one) => mallory.doors.includes(one))) {
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
