import type { ActionName, Scope } from './actions.ts'
import type { StepInput } from './inputs.ts'

export { type ActionName, actionNames } from './actions.ts'

/** The name of a step inside its playbook, for example `reset-mfa`. Unique in one playbook. */
export type StepId = string & { readonly __brand: 'StepId' }

/**
 * `containment` steps make the incident contained once all of them are proven. A `recovery` step gives something back: it
 * waits for containment, for the sweep and, with `needsNotification`, for the target to have been told. A `record` step does
 * neither: it looks at something, or puts a decision on record.
 */
export type StepKind = 'containment' | 'recovery' | 'record'

/** What responders may do when a step is done but not proven. */
export type Fallback = 'suspend' | 'attest'

/** One step: what the document says, what is done about it, and what to do when it cannot be proven. */
export type PlaybookStep = StepHead & (ActionStep | QuestionStep | ManualStep)

type StepHead = {
  readonly id: StepId
  readonly title: string
  /** What the document says, in its own words. */
  readonly document: string
  /** What running the step does, in one line for the card. */
  readonly does: string
  readonly kind: StepKind
  readonly needsNotification?: true
  readonly fallbacks?: readonly Fallback[]
}

/** A worker does it. */
type ActionStep = {
  readonly action: ActionName
  /** Asked of the responder first. What was given is part of what is approved. */
  readonly inputs?: readonly StepInput[]
  readonly question?: undefined
  readonly manual?: undefined
}

/** People decide it. What one says, a second one approves. */
type QuestionStep = {
  readonly question: Question
  readonly action?: undefined
  readonly inputs?: undefined
  readonly manual?: undefined
}

/** People do it outside of this program, and say how: the note is required, and a second person vouches for it. */
type ManualStep = {
  readonly manual: { readonly instructions: string }
  readonly action?: undefined
  readonly inputs?: undefined
  readonly question?: undefined
}

export type Question = {
  /** "Are the affected users and the authority notified?" */
  readonly ask: string
  readonly answers: readonly Answer[]
}

export type Answer = {
  readonly id: string
  readonly label: string
  /** The later steps that this answer chooses. Those that only other answers choose are left out then. */
  readonly steps?: readonly StepId[]
}

/**
 * The written response for one kind of incident: ordered steps with rules. It is recorded whole with every incident, so
 * that a later change of a playbook never changes an incident under way.
 */
export type Playbook = {
  readonly id: string
  readonly title: string
  /** The short form for the first line of a card. */
  readonly shortTitle: string
  /** The heading of the section of Autentico's incident-response document that it comes from. */
  readonly section: string
  /** What an incident is about: one account that is named when it is opened, or Autentico as a whole. */
  readonly target: Scope
  /** Read before anything is changed. */
  readonly snapshot: ActionName
  /** Repeats the proof once the containment steps are settled and a while has passed. */
  readonly sweep: ActionName
  /**
   * Whose own word proves nothing in such an incident. Where it is Autentico, an approval that has to be stepped up is signed with a
   * registered key in place of a sign-in.
   */
  readonly patient?: 'autentico'
  /** The law sets a time limit, counted from when somebody became aware. */
  readonly legalClock?: true
  /** Playbooks that may have to follow, by id. */
  readonly followUps?: readonly string[]
  readonly steps: readonly PlaybookStep[]
}

/** The steps that were left out because another answer was given. */
export function leftOutBy({ answers }: Question, chosen: string): readonly StepId[] {
  const kept = new Set(answers.find(({ id }) => id === chosen)?.steps)
  return [...new Set(answers.flatMap(({ steps = [] }) => steps))].filter((step) => !kept.has(step))
}
