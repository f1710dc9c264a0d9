import { type Json, type JsonObject, object, objects, text } from '#/drill/slack/json.ts'

/** What a person sees of a message, a form or the Home tab, as plain text: markup and buttons as they are, dates as they fall back. */
export function plainSurface(surface: object): string {
  const { blocks, title, submit, close } = object(surface as Json)
  const body = objects(blocks).map(blockText).join('\n')
  if (title === undefined) return readable(body)
  const ends = [close, submit].filter((end) => end !== undefined).map((end) => `[ ${plain(end)} ]`)
  return readable([`${plain(title)}  ✕`, body, ends.join(' ')].join('\n'))
}

/** What screen readers and notifications say of a message. */
export function spokenText({ text: said }: { readonly text: string }): string {
  return readable(said)
}

function readable(said: string): string {
  return said
    .replaceAll(/ <!date\^\d+\^[^|]*\|[^>]*>/g, '')
    .replaceAll(/<@U0([A-Z]+)>/g, (_, name: string) => `@${name.toLowerCase()}`)
    .replaceAll(/<#[A-Z0-9]+>/g, '#sec-incidents')
    .replaceAll(/<([^|>]+)\|([^>]+)>/g, '$2')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}

function blockText(block: JsonObject): string {
  switch (text(block['type'])) {
    case 'section':
      return [
        plain(block['text']),
        ...(block['accessory'] === undefined ? [] : [element(object(block['accessory']))]),
      ].join('\n')
    case 'context':
      return objects(block['elements'])
        .flatMap((one) => text(one['text']).split('\n'))
        .map((line) => `  ${line}`)
        .join('\n')
    case 'actions':
      return objects(block['elements']).map(element).join(' ')
    case 'rich_text':
      return deepText(block)
        .trimEnd()
        .split('\n')
        .map((line) => `  | ${line}`)
        .join('\n')
    case 'input': {
      const optional = block['optional'] === true ? ' (optional)' : ''
      const hint = block['hint'] === undefined ? [] : [`  ${plain(block['hint'])}`]
      return [`${plain(block['label'])}${optional}`, `  ${element(object(block['element']))}`, ...hint].join('\n')
    }
    default:
      return '──'
  }
}

function element(given: JsonObject): string {
  const options = objects(given['options']).map((one) => plain(one['text']))
  switch (text(given['type'])) {
    case 'button': {
      const question = given['confirm'] === undefined ? '' : confirmText(object(given['confirm']))
      return `[ ${plain(given['text'])} ]${question}`
    }
    case 'overflow':
      return `[ More ▾ ${options.join(' · ')} ]`
    case 'radio_buttons':
      return options
        .map((one) => (one === plain(object(given['initial_option'])['text']) ? `(•) ${one}` : `( ) ${one}`))
        .join('  ')
    case 'static_select':
      return `[ ${plain(object(given['initial_option'])['text']) || options.join(' · ')} ▾ ]`
    default:
      return `[ ${text(given['initial_value']) || plain(object(given['initial_option'])['text']) || plain(given['placeholder'])} ]`
  }
}

function confirmText(confirm: JsonObject): string {
  const words = (name: string): string => plain(confirm[name])
  return `\n      asks: ${words('title')} ${words('text')} [ ${words('confirm')} ] [ ${words('deny')} ]\n     `
}

function plain(given: Json | undefined): string {
  return given === undefined ? '' : text(object(given)['text'])
}

function deepText(given: JsonObject): string {
  return given['elements'] === undefined ? text(given['text']) : objects(given['elements']).map(deepText).join('')
}
