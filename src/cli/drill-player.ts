import { looking, type Member, until, wordsOfForm } from '#/drill/crew.ts'
import type { Submitted } from '#/drill/slack/acts/seen.ts'
import type { Finding } from '#/incident/findings.ts'
import { findStep, type IncidentStep, nextStep, type OpenedIncident, openRequests } from '#/incident/state.ts'
import { nextMove } from './drill-facts.ts'
import { expectedBecause } from './drill-plots.ts'

/** Two people who handle an incident by what its card says. */
export type Play = {
  /** Asks for everything, and says what is decided. */
  readonly ana: Member
  /** Approves and signs. */
  readonly bao: Member
  /** As the ledger has it now. */
  readonly incident: () => OpenedIncident
  readonly isRogue: (finding: Finding) => boolean
  /** What is filled in before a step, by the id of the field. */
  readonly inputs: Readonly<Record<string, string>>
  readonly closing: string
  readonly scene: (line: string) => void
  /** What only one of them sees. */
  readonly aside: (person: string, line: string) => void
  /** While the first request waits for somebody who may approve it. */
  readonly refused: () => Promise<void>
  /** An approval did not count, because something had changed since its request was shown; this says what. */
  readonly voided: (what: string) => void
  /** Whenever nothing is asked for or running. */
  readonly calm: (incident: OpenedIncident) => Promise<void>
}

/** Long enough for a key of 4096 bits, a restart and a sweep on a busy machine. */
const patienceMs = 120_000
const mostMoves = 400

/**
 * Makes the next move of the incident, whichever playbook it follows, until it is closed. Throws when a step fails, when something does
 * not come about, or when it never ends.
 */
export async function playOn(play: Play): Promise<void> {
  const voided = new Set<string>()
  for (let moves = 0; moves < mostMoves; moves += 1) {
    const incident = play.incident()
    if (incident.status === 'closed') return
    for (const { id, end } of incident.requests.values()) {
      if (end.kind !== 'voided' || voided.has(id)) continue
      voided.add(id)
      play.voided(end.reason ?? '')
    }
    if (isCalm(incident)) await play.calm(incident)
    await makeMove(play, incident)
    await until(
      () => (play.incident().lastSeq > incident.lastSeq ? true : undefined),
      `what comes after “${nextMove(incident, play.isRogue).next}”`,
      patienceMs,
    )
  }
  throw new Error(`the incident is not closed after ${mostMoves} moves`)
}

function isCalm(incident: OpenedIncident): boolean {
  return openRequests(incident).length === 0 && [...incident.orders.values()].every(({ step }) => step === undefined)
}

async function makeMove(play: Play, incident: OpenedIncident): Promise<void> {
  const { ana, bao, scene } = play
  const move = nextMove(incident, play.isRogue)
  switch (move.next) {
    case 'wait for the reading':
    case 'wait for the request':
    case 'wait for the worker':
    case 'wait for the sweep':
      return
    case 'ask':
      if (move.again) throw new Error(`${move.what} failed: ${failureOf(incident)}`)
      scene(`${move.what}: ana presses “${move.button}”.`)
      await ana.pressWhenThere(exactly(move.button), patienceMs)
      return fillInStep(play, incident)
    case 'decide':
      scene(`${move.what}: ana says how it is decided.`)
      await ana.pressWhenThere(exactly(move.button), patienceMs)
      return decide(play, incident)
    case 'see to a finding':
      return seeTo(play, incident)
    case 'approve':
      return approve(play, incident)
    case 'tell': {
      const { username } = incident.target
      scene(`bao calls ${username} and records how identity was checked. The sweep repeats the proof meanwhile.`)
      await bao.pressWhenThere(/^Record how/, patienceMs)
      const told = { How: 'phone call', 'How identity was checked': 'employee number', Note: '' }
      return taken(await bao.fillIn('The user was told', told))
    }
    case 'show the password':
      return showPassword(play)
    case 'close':
      scene('bao closes the incident.')
      await bao.pressWhenThere(/^Close/, patienceMs)
      return taken(await bao.fillIn(/^Close/, { 'Closing words': play.closing }))
    case 'read again':
    case 'do by hand':
    case 'find another way':
    case 'sweep again':
    case 'resume':
    case 'look back':
      throw new Error(`this drill has no way on from “${move.next}”: ${failureOf(incident)}`)
  }
}

/** The form that comes before a step, where there is one. */
async function fillInStep({ ana, inputs }: Play, incident: OpenedIncident): Promise<void> {
  const fields = nextStep(incident)?.inputs ?? []
  if (fields.length === 0) return
  const answers = fields.flatMap(({ id, label }) => (inputs[id] === undefined ? [] : [[label, inputs[id]] as const]))
  taken(await ana.fillIn(/^(Ask for|Begin) step/, Object.fromEntries(answers)))
}

async function decide({ ana }: Play, incident: OpenedIncident): Promise<void> {
  const [answer] = nextStep(incident)?.question?.answers ?? []
  const given = { Answer: answer?.id ?? '', Why: 'Personal data of everybody lay there in clear.' }
  taken(await ana.fillIn(/^Decide step/, given))
}

/** The attacker's is dealt with in the first way that is offered; everything else was expected, or is put right by hand. */
async function seeTo({ ana, isRogue, scene }: Play, incident: OpenedIncident): Promise<void> {
  const step = nextStep(incident)
  const finding = step?.found?.finding
  if (step === undefined || finding === undefined) return
  const move = nextMove(incident, isRogue)
  if (move.next !== 'see to a finding') return
  if (incident.steps.get(step.id)?.status === 'failed') throw new Error(`${move.what} failed: ${failureOf(incident)}`)
  const [expected, other] = move.buttons
  const why = expectedBecause[finding.kind]
  // What is read out says which finding a button is about; on all of them stands the same.
  const press = async (button: string) => {
    const spoken = `${button}: ${move.what.replace(/^finding /, '')} `
    return ana.pressWhenThere(new RegExp(`^${escaped(spoken)}`), patienceMs)
  }
  if (move.because !== 'expected') {
    if (other === undefined) throw new Error(`nothing can be done about ${move.what}, ${step.title}`)
    scene(`${move.what}, ${step.title}: ana presses “${other}”.`)
    await press(other)
    if (move.because === 'by hand') taken(await ana.fillIn('Done by hand', { 'What was done, and how you know': why }))
    return
  }
  scene(`${move.what}, ${step.title}: ana says that it was expected.`)
  await press(expected)
  taken(await ana.fillIn('Expected', { 'Why it is expected, and how you know': why }))
}

async function approve({ bao, scene, incident: now, refused }: Play, incident: OpenedIncident): Promise<void> {
  const request = openRequests(incident).findLast(({ shown }) => shown !== undefined)
  if (request?.shown === undefined) return
  const { code, effect } = request.shown
  const at = looking(bao.actor, ({ ephemeral, text }) => !ephemeral && text.includes(`code \`${code}\``))
  await until(() => at.button(/^Approve/), `the request ${code}`, patienceMs)
  if (![...incident.requests.values()].some(({ kind, end }) => kind !== 'hold' && end.kind !== 'open')) await refused()
  const { lastSeq } = now()
  scene(`bao approves: ${effect.verb}.`)
  await at.press(/^Approve/)
  if (effect.confirmByTyping !== undefined)
    taken(await bao.fillIn('Approve?', { 'To approve, type exactly what is asked for': effect.confirmByTyping }))
  await until(() => (now().lastSeq > lastSeq ? true : undefined), `the approval of ${code}`, patienceMs)
}

async function showPassword({ ana, scene, aside }: Play): Promise<void> {
  scene('ana alone is shown the temporary password, once, in a form.')
  await ana.pressWhenThere(/^Show the temporary/, patienceMs)
  const form = await until(
    () => ana.actor.views().find((view) => /shown this once/.test(wordsOfForm(view))),
    'the form with the temporary password',
  )
  aside('ana', `${form.title}: ${'•'.repeat(20)}`)
  await ana.actor.close()
}

function taken(sent: Submitted): void {
  if (!sent.ok) throw new Error(`a form was not taken: ${sent.text}`)
  if (sent.now === 'errors') throw new Error(`a form was not taken: ${Object.values(sent.errors).join(' ')}`)
}

function failureOf(incident: OpenedIncident): string {
  const step: IncidentStep | undefined = nextStep(incident)
  const state = step === undefined ? undefined : incident.steps.get(findStep(incident, step.id)?.id ?? step.id)
  return state?.status === 'failed' ? state.sentence : (incident.snapshotFailed ?? 'the state allows nothing else')
}

function exactly(words: string): RegExp {
  return new RegExp(`^${escaped(words)}$`)
}

function escaped(words: string): string {
  return words.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}
