import type { Hint, Machine, Member } from '../wire.ts'

/**
 * What can be done next in an incident. `by` and `holder` are handles, `what` names a step or finding as the card does ("step 3"), and
 * `button` is what stands on the button that is to be pressed.
 */
export type Move =
  | { readonly next: 'wait for the reading' }
  | { readonly next: 'read again' }
  | { readonly next: 'ask'; readonly what: string; readonly button: string; readonly again: boolean }
  | { readonly next: 'decide'; readonly what: string; readonly button: string }
  | { readonly next: 'do by hand'; readonly what: string; readonly button: string }
  | {
      readonly next: 'see to a finding'
      readonly what: string
      readonly title: string
      /** The attacker is behind it, or only people can put it right, or it is as it should be. */
      readonly because: 'rogue' | 'by hand' | 'expected'
      readonly buttons: readonly [expected: string, ...others: string[]]
    }
  | { readonly next: 'find another way'; readonly what: string }
  | { readonly next: 'wait for the request'; readonly what: string }
  | { readonly next: 'approve'; readonly what: string; readonly by: string; readonly byTyping: boolean }
  | { readonly next: 'wait for the worker'; readonly what: string }
  | { readonly next: 'tell' }
  | { readonly next: 'wait for the sweep' }
  | { readonly next: 'sweep again' }
  | { readonly next: 'show the password'; readonly holder: string }
  | { readonly next: 'resume' }
  | { readonly next: 'close' }
  | { readonly next: 'look back' }

type ApproveMove = Extract<Move, { next: 'approve' }>

/** The incident that counts now. */
export type IncidentFacts = {
  readonly id: string
  /** A username, or `Autentico` as a whole. */
  readonly target: string
  readonly isWhole: boolean
  readonly move: Move
  readonly contained: boolean
  readonly restored: boolean
  /** Whether an approval was made void by something that had changed meanwhile. */
  readonly voided: boolean
  /** Whether the account was put on hold, be it for a while. */
  readonly held: boolean
}

export type HintFacts = {
  /** Handles of those who may ask and approve; the first is whom a stranger begins as. */
  readonly responders: readonly string[]
  /** Handle of the person whose account was robbed. */
  readonly victim: string
  /** Absent before the first. */
  readonly incident?: IncidentFacts
  readonly progress: number
  readonly machine: Pick<Machine, 'bot' | 'redis' | 'autentico' | 'slack'>
  /** The entry of the ledger's file that was changed behind the bot's back. */
  readonly tampered?: number | undefined
  /** The form that this person has on top, if any. */
  readonly form?: OpenForm | undefined
  /** The playbooks that were not tried yet, by title. */
  readonly untried: readonly string[]
}

export type OpenForm = {
  readonly title: string
  /** In the opening form: whom the chosen playbook is best tried with; undefined when it is about Autentico as a whole. */
  readonly target?: string | undefined
}

/** What stands on the buttons of the cards and forms that a hint speaks of. */
export const buttons = {
  approve: 'Approve',
  approveByTyping: 'Approve…',
  tell: (who: string) => `Record how ${who} was told…`,
  read: (what: string) => `Read ${what} again`,
  sweep: 'Sweep again',
  password: 'Show the temporary password…',
  resume: 'Ask to resume',
  close: 'Close…',
} as const

/** The forms that a stranger comes by, by title, and what stands on their submit button. */
export const forms = {
  open: { title: 'Open an incident', submit: 'Open' },
  opened: { title: (incident: string) => `${incident} is open`, close: 'Close' },
  tell: { title: 'The user was told', submit: 'Record' },
  password: { title: 'Temporary password' },
  expected: { title: 'Expected', submit: 'Ask to record it' },
  close: { title: (incident: string) => `Close ${incident}`, submit: 'Close it' },
} as const

type Said = Pick<Hint, 'words'> & Partial<Pick<Hint, 'switchTo'>>

/** What this person could try next, as one sentence; names of buttons stand as they are on the button. */
export function hint(member: Member, facts: HintFacts): Hint {
  const said = broken(facts) ?? formHint(facts) ?? onlooker(member, facts) ?? responder(member, facts)
  return { switchTo: null, progress: facts.progress, ...said }
}

/** While this is so, nothing that is done in Slack gets anywhere. */
function broken({ machine }: HintFacts): Said | undefined {
  if (machine.bot === 'dead') {
    return { words: 'The bot is dead: press “Start the bot” behind the glass, and it goes on where it was.' }
  }
  if (machine.bot === 'starting') return { words: 'The bot is starting: in a moment it goes on where it was.' }
  if (machine.slack === 'disconnected') {
    return { words: 'Slack is disconnected and clicks reach nobody: press “Connect Slack” behind the glass.' }
  }
  return undefined
}

function formHint({ form, incident, victim }: HintFacts): Said | undefined {
  if (form === undefined) return undefined
  const { title, target } = form
  if (title === forms.open.title) {
    return target === undefined
      ? {
          words: `This one is about Autentico as a whole: say what happened, if you like, and press “${forms.open.submit}”.`,
        }
      : {
          words: `Type ${target} into Target, pick the account, and press “${forms.open.submit}”; or choose another playbook.`,
        }
  }
  if (title === forms.tell.title) {
    return { words: `Say how you told ${incident?.target ?? victim}, and press “${forms.tell.submit}”.` }
  }
  if (title === forms.password.title) {
    return { words: 'This is shown only once and only to you: close it when you have handed it over.' }
  }
  if (title === forms.expected.title) {
    return {
      words: `Say why it is as it should be, and press “${forms.expected.submit}”; somebody else approves that.`,
    }
  }
  if (incident !== undefined && title === forms.opened.title(incident.id)) {
    return { words: `Press “${forms.opened.close}”: the card of the incident stands in # sec-incidents.` }
  }
  if (incident !== undefined && title === forms.close.title(incident.id)) {
    return { words: `Say what happened, if you like, and press “${forms.close.submit}”.` }
  }
  return undefined
}

/** People who cannot move the incident: what there is to see as them, and who can. */
function onlooker({ handle, part, outside }: Member, facts: HintFacts): Said | undefined {
  if (facts.responders.includes(handle)) return undefined
  const { incident } = facts
  const switchTo = mover(facts)
  const who = `You are ${handle}, ${/^(the|a) /.test(part) ? part : `${article(part)} ${part}`}`
  if (outside) {
    const what = incident === undefined ? 'of what the responders do' : `of ${incident.id}`
    return { words: `${who}: you see nothing ${what}, so switch to ${switchTo}.`, switchTo }
  }
  if (incident === undefined) {
    return { words: `${who}: type /autentico incident and see what happens, or switch to ${switchTo}.`, switchTo }
  }
  const press = pressable(incident.move)
  if (press === undefined)
    return { words: `${who}: you may look on, and ${switchTo} goes on with ${incident.id}.`, switchTo }
  return { words: `${who}: press “${press}” and see what happens, or switch to ${switchTo}.`, switchTo }
}

/** What everybody in the channel sees and may try to press. */
function pressable(move: Move): string | undefined {
  switch (move.next) {
    case 'approve':
      return approveWords(move)
    case 'ask':
    case 'decide':
    case 'do by hand':
      return move.button
    case 'see to a finding':
      return move.buttons[0]
    case 'resume':
      return buttons.resume
    case 'wait for the reading':
    case 'wait for the request':
    case 'wait for the worker':
    case 'wait for the sweep':
    case 'read again':
    case 'find another way':
    case 'look back':
    case 'show the password':
    case 'sweep again':
    case 'tell':
    case 'close':
      return undefined
  }
}

function approveWords({ byTyping }: ApproveMove): string {
  return byTyping ? buttons.approveByTyping : buttons.approve
}

function article(part: string): string {
  return /^[aeio]/.test(part) ? 'an' : 'a'
}

/** Somebody who can make the next move. */
function mover({ responders, incident }: HintFacts): string {
  const move = incident?.move
  if (move?.next === 'show the password') return move.holder
  const able = move?.next === 'approve' ? responders.filter((handle) => handle !== move.by) : responders
  return able[0] ?? ''
}

function responder({ handle }: Member, facts: HintFacts): Said {
  const { incident, victim } = facts
  if (incident === undefined) return { words: `Type /autentico incident below, send it, and pick ${victim}.` }
  const { id, target, isWhole, move } = incident
  if (facts.tampered !== undefined) return { words: tamperedWords(id, facts.tampered) }
  const subject = isWhole ? 'Autentico' : 'the account'
  switch (move.next) {
    case 'wait for the reading':
      return {
        words: waits(
          facts,
          `${isWhole ? 'Autentico' : `The account of ${target}`} is being read, and nothing is changed before that`,
        ),
      }
    case 'read again':
      return {
        words: `${isWhole ? 'Autentico' : 'The account'} could not be read: press “${buttons.read(subject)}” on the card.`,
      }
    case 'ask':
      return { words: askWords(incident, move) }
    case 'decide':
      return { words: `People decide ${move.what}: press “${move.button}” on the card, and a second one signs it.` }
    case 'do by hand':
      return { words: `Do ${move.what} by hand, then press “${move.button}” on the card and say how.` }
    case 'see to a finding':
      return { words: findingWords(move) }
    case 'find another way':
      return {
        words: `${capital(move.what)} could not be done and will not be: the card offers what can be done instead.`,
      }
    case 'wait for the request':
      return { words: waits(facts, `What ${move.what} would do appears in the thread in a moment`) }
    case 'approve':
      return approveHint(handle, facts, move)
    case 'wait for the worker':
      return { words: waits(facts, `The worker is at ${move.what}: watch ${target} behind the glass`) }
    case 'tell':
      return { words: `Tell ${target} by another way than Slack, then press “${buttons.tell(target)}” on the card.` }
    case 'wait for the sweep':
      return {
        words: waits(facts, 'The sweep repeats every proof in a few seconds, and nothing is left to do until then'),
      }
    case 'sweep again':
      return { words: `Close what the sweep has found, then press “${buttons.sweep}” on the card.` }
    case 'show the password':
      return move.holder === handle
        ? { words: `Press “${buttons.password}” on the card: it is shown once, and only to you.` }
        : { words: `Switch to ${move.holder}, who alone is shown the temporary password.`, switchTo: move.holder }
    case 'resume':
      return { words: `The work is stopped: press “${buttons.resume}” on the card when it may go on.` }
    case 'close':
      return { words: `Nothing is left to do for ${target}: press “${buttons.close}” on the card.` }
    case 'look back':
      return { words: lookBackWords(id, facts) }
  }
}

function tamperedWords(id: string, seq: number): string {
  return `Entry ${seq} was changed in the ledger’s file: type /autentico verify ${id} in # sec-incidents, then press “Put the byte back” behind the glass.`
}

function lookBackWords(id: string, { untried }: HintFacts): string {
  const [next] = untried
  return next === undefined
    ? `Type /autentico verify ${id} to check the record; change a byte of it behind the glass, and type it again.`
    : `Type /autentico verify ${id} to check the record, change a byte of it behind the glass and type it again; or open another incident: ${next}, for one.`
}

function findingWords(move: Extract<Move, { next: 'see to a finding' }>): string {
  const {
    because,
    buttons: [expected, other = expected],
  } = move
  const what = `${capital(move.what)}, ${move.title},`
  switch (because) {
    case 'rogue':
      return `${what} is mallory’s: press “${other}” beside it on the card.`
    case 'by hand':
      return `${what} is replaced by people: press “${other}” beside it once that is done, and say how.`
    case 'expected':
      return `${what} is as it should be: press “${expected}” beside it and say so.`
  }
}

function askWords(
  { target, contained, restored, isWhole, held }: IncidentFacts,
  move: Extract<Move, { next: 'ask' }>,
): string {
  const { what, button, again } = move
  const press = `press “${button}” on the card`
  if (again) return `Put right what stopped ${what}, then ${press}.`
  if (contained && !restored && !isWhole)
    return `Contained: see what became of mallory behind the glass, then ${press}.`
  if (what !== 'step 1') return `Next: ${press}.`
  const first = `Press “${button}” on the card in # sec-incidents`
  return isWhole || held
    ? `${first}.`
    : `${first}; or first put ${target} on hold, alone and for a minute, from its menu.`
}

function approveHint(handle: string, facts: HintFacts, move: ApproveMove): Said {
  const { what, by } = move
  const { incident } = facts
  const approve = approveWords(move)
  if (handle !== by) {
    const read = `Open the thread, read what ${what} will do, and press “${approve}”`
    const isFirst = what === 'step 1' && incident?.isWhole === false && !incident.voided
    return {
      words: isFirst ? `${read}; let mallory try again behind the glass first, and it will not count.` : `${read}.`,
    }
  }
  const switchTo = mover(facts)
  return {
    words: `You asked for ${what}: press “${approve}” and be refused, then switch to ${switchTo}, who may approve.`,
    switchTo,
  }
}

function capital(words: string): string {
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`
}

/** What is waited for, and what it really waits for when something is broken. */
function waits({ machine }: HintFacts, words: string): string {
  if (machine.redis === 'stopped')
    return 'Redis is stopped, so this waits: press “Start Redis” behind the glass and watch it go on.'
  if (machine.autentico === 'stopped' || machine.autentico === 'failing') {
    return `Autentico is ${machine.autentico}, so this waits: choose “Well” behind the glass and watch it go on.`
  }
  return `${words}.`
}
