import { limits } from './limits.ts'

/** What Slack would refuse about blocks, a message or a view: one sentence for each fault, with where it is. For tests. `longestText`: of a message's text, in characters. */
export function limitFaults(surface: object, longestText: number = limits.messageText): readonly string[] {
  const faults: string[] = []
  const given = surface as Readonly<Record<string, unknown>>
  const blocks = Array.isArray(given['blocks']) ? (given['blocks'] as readonly unknown[]) : []
  const isView = given['type'] === 'modal' || given['type'] === 'home'
  over(faults, 'blocks', blocks.length, isView ? limits.blocksPerView : limits.blocksPerMessage)
  if (!isView) over(faults, 'text', lengthOf(given['text']), longestText)
  for (const name of ['title', 'submit', 'close']) over(faults, name, lengthOf(textOf(given[name])), limits.viewTitle)
  over(faults, 'private_metadata', lengthOf(given['private_metadata']), limits.viewMetadata)
  const inputs = blocks.some((block) => object(block)['type'] === 'input')
  if (given['type'] === 'modal' && inputs && given['submit'] === undefined)
    faults.push('a form with fields needs a submit button')
  blocks.forEach((block, index) => blockFaults(object(block), `blocks[${index}]`, faults))
  return faults
}

function blockFaults(block: Readonly<Record<string, unknown>>, at: string, faults: string[]): void {
  const elements = Array.isArray(block['elements']) ? (block['elements'] as readonly unknown[]) : []
  switch (block['type']) {
    case 'section':
      text(faults, `${at}.text`, block['text'], limits.sectionText)
      return
    case 'context':
      over(faults, `${at}.elements`, elements.length, limits.contextElements)
      if (elements.length === 0) faults.push(`${at} is empty`)
      for (const element of elements) text(faults, at, element, limits.contextText)
      return
    case 'actions':
      over(faults, `${at}.elements`, elements.length, limits.actionElements)
      if (elements.length === 0) faults.push(`${at} is empty`)
      repeated(faults, at, elements)
      for (const element of elements) elementFaults(object(element), at, faults)
      return
    case 'input':
      text(faults, `${at}.label`, block['label'], limits.inputLabel)
      elementFaults(object(block['element']), at, faults)
      return
    case 'rich_text':
    case 'divider':
      return
    default:
      faults.push(`${at} is of the unknown type ${String(block['type'])}`)
  }
}

function elementFaults(element: Readonly<Record<string, unknown>>, at: string, faults: string[]): void {
  const options = Array.isArray(element['options']) ? (element['options'] as readonly unknown[]) : []
  if (element['type'] === 'button') {
    text(faults, `${at} button`, element['text'], limits.buttonText)
    over(faults, `${at} value`, lengthOf(element['value']), limits.buttonValue)
    const asked = object(element['confirm'])
    if (element['confirm'] !== undefined) {
      text(faults, `${at} confirm.title`, asked['title'], limits.confirmTitle)
      text(faults, `${at} confirm.text`, asked['text'], limits.confirmText)
      text(faults, `${at} confirm.confirm`, asked['confirm'], limits.confirmButton)
      text(faults, `${at} confirm.deny`, asked['deny'], limits.confirmButton)
    }
  }
  const most =
    element['type'] === 'overflow'
      ? limits.overflowOptions
      : element['type'] === 'radio_buttons'
        ? limits.radioOptions
        : limits.selectOptions
  over(faults, `${at} options`, options.length, most)
  if ('options' in element && options.length === 0) faults.push(`${at} has no options`)
  for (const option of [...options, ...(element['initial_option'] === undefined ? [] : [element['initial_option']])]) {
    const { text: words, value, description } = object(option)
    text(faults, `${at} option`, words, limits.optionText)
    over(faults, `${at} option value`, lengthOf(value), limits.optionValue)
    if (description !== undefined) text(faults, `${at} option description`, description, limits.optionDescription)
  }
  over(faults, `${at} initial_value`, lengthOf(element['initial_value']), limits.plainInput)
}

/** Within one row every button needs its own action id, or Slack refuses the message. */
function repeated(faults: string[], at: string, elements: readonly unknown[]): void {
  const ids = elements.map((element) => object(element)['action_id'])
  if (new Set(ids).size !== ids.length) faults.push(`${at} repeats an action_id`)
}

function text(faults: string[], at: string, given: unknown, most: number): void {
  const words = textOf(given)
  if (typeof words !== 'string' || words.length === 0) faults.push(`${at} has no text`)
  else over(faults, at, words.length, most)
}

function over(faults: string[], at: string, length: number, most: number): void {
  if (length > most) faults.push(`${at} is ${length} long, and Slack takes ${most}`)
}

function textOf(given: unknown): unknown {
  return object(given)['text']
}

function lengthOf(given: unknown): number {
  return typeof given === 'string' ? given.length : 0
}

function object(given: unknown): Readonly<Record<string, unknown>> {
  return typeof given === 'object' && given !== null ? { ...given } : {}
}
