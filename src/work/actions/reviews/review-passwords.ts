import { count } from '../words.ts'
import { reading } from './reading.ts'

/** What the hashes of passwords protect in this instance, and what not. */
export const reviewPasswords = reading('review-passwords', async ({ autentico }) => {
  const [settings, { active, deactivated }] = await Promise.all([
    autentico.settings.read(),
    autentico.everyUser.count(),
  ])
  const shortest = settings.get('validation_min_password_length') ?? '6'
  const attempts = settings.get('account_lockout_max_attempts') ?? '5'
  return {
    did: [
      `The passwords of ${count(active + (deactivated ?? 0), 'user')} are kept as bcrypt hashes: nobody reads them off the database.`,
      `A hash can be guessed against without Autentico noticing, and lock-out after ${attempts} attempts does not count there. This instance takes passwords from ${shortest} characters on, so the short and the common ones fall first.`,
      'Whoever uses the same password elsewhere should change it there. Client secrets are hashed the same way.',
    ],
    notes:
      Number(shortest) < 12
        ? [`Consider asking for longer passwords: validation_min_password_length is ${shortest}.`]
        : [],
  }
})
