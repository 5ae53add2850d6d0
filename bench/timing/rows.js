/**
 * One thing that is measured, done by up to three: the library, did-session and the bare primitive beneath.
 *
 * @typedef {object} Row
 * @property {string} name
 * @property {() => unknown} [ours]
 * @property {() => unknown} [theirs]
 * @property {() => unknown} [raw]
 * @property {number} [target] how many times as fast as did-session it should be
 * @property {number} [atMost] how many times the bare primitive it may take
 */

/**
 * @param {Awaited<ReturnType<typeof import('./fixtures.js').fixtures>>} fixtures
 * @returns {Row[]}
 */
export function rows({
  Ours,
  Theirs,
  toDID,
  account,
  id,
  resources,
  grant,
  ours,
  theirs,
  raw,
  payload,
  bytes,
  verify,
  requests,
}) {
  const options = { resources }
  // did-session writes into the options that it is given.
  const theirOptions = { resources }
  return [
    {
      name: 'get, session stored',
      ours: () => Ours.get(account, neverAsked, options),
      theirs: () => Theirs.get(id, neverAsked, theirOptions),
      target: 10,
    },
    { name: 'load()', ours: () => Ours.load() },
    {
      name: 'fromSession',
      ours: () => Ours.fromSession(theirs.text),
      theirs: () => Theirs.fromSession(theirs.text),
      target: 15,
    },
    {
      name: 'hasSessionFor',
      ours: () => Ours.hasSessionFor(account, resources),
      theirs: () => Theirs.hasSessionFor(id, resources),
      target: 1,
    },
    {
      name: 'authorize, without the wallet',
      ours: () => Ours.authorize(grant, options),
      theirs: () => Theirs.authorize(grant, theirOptions),
    },
    {
      name: 'serialize',
      ours: () => ours.seeded.serialize(),
      theirs: () => theirs.seeded.serialize(),
    },
    {
      name: 'createJWS, P-256',
      ours: () => ours.storedDID.createJWS(payload),
      theirs: () => theirs.stored.did.createJWS(payload),
    },
    {
      name: 'createJWS, Ed25519',
      ours: () => ours.seededDID.createJWS(payload),
      theirs: () => theirs.seeded.did.createJWS(payload),
    },
    { name: 'toDID', ours: () => toDID(ours.stored) },
    {
      name: 'verifyCacao',
      ours: verify.cacao,
      theirs: verify.theirCacao,
      raw: verify.recover,
      atMost: 1.2,
    },
    { name: 'verifyCacao, tiny-secp256k1', ours: verify.cacaoTiny, theirs: verify.theirCacao },
    { name: 'verifyCacao, libsecp256k1', ours: verify.cacaoNative, theirs: verify.theirCacao, target: 15 },
    {
      name: 'verifyJWS with capability, P-256',
      ours: verify.jwsP256,
      theirs: verify.theirJWSP256,
      target: 3,
    },
    {
      name: 'verifyJWS with capability, Ed25519',
      ours: verify.jwsEd25519,
      theirs: verify.theirJWSEd25519,
      target: 3,
    },
    {
      name: 'verifyRequest, P-256',
      ours: requests.p256,
      theirs: verify.theirJWSP256,
      raw: raw.verifyP256,
      atMost: 2.5,
    },
    {
      name: 'verifyRequest, Ed25519',
      ours: requests.ed25519,
      theirs: verify.theirJWSEd25519,
      raw: raw.verifyEd25519,
      atMost: 2.5,
    },
    { name: 'signRequest, P-256', ours: requests.signP256, raw: raw.signP256 },
    { name: 'signRequest, Ed25519', ours: requests.signEd25519, raw: raw.signEd25519 },
    { name: 'sign, P-256', ours: () => ours.stored.sign(bytes), raw: raw.signP256 },
    { name: 'sign, Ed25519', ours: () => ours.seeded.sign(bytes), raw: raw.signEd25519 },
    { name: 'WebCrypto verify, P-256', raw: raw.verifyP256 },
    { name: 'WebCrypto verify, Ed25519', raw: raw.verifyEd25519 },
    { name: 'WebCrypto generate, P-256', raw: raw.generateP256 },
  ]
}

function neverAsked() {
  throw new Error('the session is stored: the wallet must not be asked')
}
