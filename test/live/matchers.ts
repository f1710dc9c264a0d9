import { expect } from 'vitest'

// Vitest types these as any; a test that says "some text here" should not switch the type checker off.
export function anyText(): unknown {
  return expect.any(String)
}

export function anyNumber(): unknown {
  return expect.any(Number)
}

export function matching(pattern: RegExp): unknown {
  return expect.stringMatching(pattern)
}

export function containing(part: string): unknown {
  return expect.stringContaining(part)
}

export function containingAll(fields: object): unknown {
  return expect.objectContaining(fields)
}
