import type { JsonObject } from './json.ts'

/** Slack's no to a Web API call: answered with HTTP 200 and `{ok: false, error}`, as Slack does. */
export class SlackRefusal extends Error {
  override readonly name = 'SlackRefusal'
  readonly code: string
  /** Further fields of the answer, such as `needed` and `provided`. */
  readonly fields: JsonObject

  constructor(code: string, fields: JsonObject = {}) {
    super(code)
    this.code = code
    this.fields = fields
  }
}

/** A refusal of blocks or of a view, with a sentence and a JSON pointer for each fault. */
export function invalid(code: 'invalid_blocks' | 'invalid_arguments', faults: readonly string[]): SlackRefusal {
  return new SlackRefusal(code, {
    errors: faults,
    response_metadata: { messages: faults.map((fault) => `[ERROR] ${fault}`) },
  })
}
