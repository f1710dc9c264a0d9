import { describe, expect, test } from 'vitest'
import { refusalCodes, refusalSentence } from './refusals.ts'

describe('a refusal', () => {
  test.each(refusalCodes)('%s is a whole sentence, with or without what it is about', (code) => {
    const about = { who: '@ana', what: 'the thing', able: '@bao, @chi' }
    expect(refusalSentence({ code, about: {} })).toMatch(/^[A-Z].+\.$/s)
    expect(refusalSentence({ code, about })).toMatch(/^[A-Z].+\.$/s)
  })

  test.each(refusalCodes)('%s never says “undefined”', (code) => {
    expect(refusalSentence({ code, about: {} })).not.toContain('undefined')
  })

  test('no two say the same', () => {
    const sentences = refusalCodes.map((code) => refusalSentence({ code, about: {} }))
    expect(new Set(sentences).size).toBe(refusalCodes.length)
  })

  test('of a self-approval names those who can approve', () => {
    expect(refusalSentence({ code: 'approver_is_requester', about: { able: '@bao, @chi' } })).toBe(
      'You asked for this, so somebody else has to approve it. Able to now: @bao, @chi.',
    )
  })

  test('with nobody able names nobody', () => {
    expect(refusalSentence({ code: 'not_an_approver', about: { able: '' } })).not.toContain('Able to now')
  })

  test('of a second press says who was first', () => {
    expect(refusalSentence({ code: 'already_decided', about: { what: 'approved', who: '@bao' } })).toBe(
      'Already approved by @bao.',
    )
  })
})
