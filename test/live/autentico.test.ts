import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest'
import { adminReviewContract } from './admin-review.ts'
import { attackContract } from './attack.ts'
import { auditContract } from './audit.ts'
import { bearerContract } from './bearer.ts'
import { browserContract } from './browser.ts'
import { bulkContract } from './bulk.ts'
import { clientContract } from './clients.ts'
import { databaseContract } from './database.ts'
import { federationContract } from './federation.ts'
import { grantContract } from './grants.ts'
import { holdContract } from './hold.ts'
import { Peer, peerKinds } from './peer.ts'
import { rateLimitContract } from './rate-limit.ts'
import { refreshContract } from './refresh.ts'
import { rotationContract } from './rotation.ts'
import { sessionContract } from './sessions.ts'
import { settingsContract } from './settings.ts'
import { stepUpContract } from './step-up.ts'
import { userListContract } from './user-list.ts'
import { userContract } from './users.ts'
import { wireContract } from './wire.ts'

// One suite for every Autentico there is, in one file and so one after another: some tests change settings of the server.
describe.each(peerKinds(process.env))('$name', (kind) => {
  let opened: Peer | undefined
  const peer = (): Peer => {
    if (opened === undefined) throw new Error('the server has not started')
    return opened
  }
  beforeAll(async () => {
    opened = await Peer.open(kind)
  })
  afterAll(async () => {
    await opened?.close()
  })

  wireContract(peer)
  bearerContract(peer)
  grantContract(peer)
  refreshContract(peer)
  userContract(peer)
  userListContract(peer)
  sessionContract(peer)
  auditContract(peer)
  clientContract(peer)
  settingsContract(peer)
  adminReviewContract(peer)
  browserContract(peer)
  stepUpContract(peer)
  holdContract(peer)
  describe.runIf(kind.hasDatabase)('with its database', () => {
    databaseContract(peer)
    federationContract(peer)
    bulkContract(peer)
    attackContract(peer)
  })
  describe('restarted', () => {
    beforeEach(({ skip }) => skip(kind.cannotRestart !== undefined, kind.cannotRestart))
    afterEach(async () => {
      if (kind.cannotRestart === undefined) await peer().restart({})
    })
    rotationContract(peer)
    rateLimitContract(peer)
  })
})
