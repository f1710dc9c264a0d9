import type { Answer, Question } from './ask.ts'

/** `unknown`: it cannot be observed from where this runs, which is not a fault of the proxy and no proof either. */
export type Finding = { readonly kind: 'proven' | 'disproved' | 'unknown'; readonly sentence: string }

/** Asks a path from one address of this machine. */
export type From = (path: string, more?: Omit<Question, 'path'>) => Promise<Answer | undefined>

export function proven(sentence: string): Finding {
  return { kind: 'proven', sentence }
}

export function disproved(sentence: string): Finding {
  return { kind: 'disproved', sentence }
}

export function unknown(sentence: string): Finding {
  return { kind: 'unknown', sentence }
}

export function words(answer: Answer | undefined): string {
  return answer === undefined ? 'gives no answer' : `answers ${answer.status}`
}
