import type { Random } from './random.js'

/** The error that a hostile input throws; the library must reject with its own error. */
class OwnError extends Error {}

type Make = (target: object, forged: object, random: Random) => object

const readsChange = (first: object, later: object): object => {
  let reads = 0
  const counts = (name: PropertyKey): PropertyDescriptor => ({
    enumerable: true,
    configurable: true,
    get: () => Reflect.get(reads++ === 0 ? first : later, name),
  })
  return Object.defineProperties(
    Array.isArray(first) ? [] : {},
    Object.fromEntries(Object.keys(first).map((name) => [name, counts(name)])),
  )
}

const proxied = (target: object, later: object, from: number): object => {
  let reads = 0
  return new Proxy(target, {
    get: (_, name) => Reflect.get(reads++ < from ? target : later, name),
    getOwnPropertyDescriptor: (_, name) =>
      Reflect.getOwnPropertyDescriptor(reads++ < from ? target : later, name) ??
      Reflect.getOwnPropertyDescriptor(target, name),
  })
}

const throwing = (target: object, trap: keyof ProxyHandler<object>): object =>
  new Proxy(target, {
    [trap]: () => {
      throw new OwnError(trap)
    },
  })

const MAKES: Readonly<Record<string, Make>> = {
  'getters that change': (target, forged) => readsChange(target, forged),
  'getters that change back': (target, forged) => readsChange(forged, target),
  'a Proxy that changes': (target, forged, random) => proxied(target, forged, random.below(12)),
  'a Proxy that changes back': (target, forged, random) => proxied(forged, target, random.below(12)),
  'a Proxy that does nothing': (target) => new Proxy(target, {}),
  'a Proxy that throws': (target, _, random) =>
    throwing(
      target,
      random.pick(['get', 'ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor', 'has'] as const),
    ),
  'a getter that throws': (target, _, random) =>
    Object.defineProperty({ ...target }, random.pick(Object.keys(target)) ?? 'p', {
      enumerable: true,
      get: () => {
        throw new OwnError('getter')
      },
    }),
  'a Proxy that hides members': (target) => new Proxy(target, { ownKeys: () => [] }),
  'inherited members': (target) => Object.create(target) as object,
  'an instance of a class': (target) => Object.assign(new (class Cacao {})(), target),
  'no prototype': (target) => Object.assign(Object.create(null) as object, target),
  'symbols too': (target) => Object.assign({ ...target }, { [Symbol('t')]: 1, [Symbol.toPrimitive]: 1 }),
  'the tag of bytes': (target) =>
    Object.assign({ ...target }, { [Symbol.toStringTag]: 'Uint8Array', length: 65 }),
  'a revoked Proxy': (target) => {
    const { proxy, revoke } = Proxy.revocable(target, {})
    revoke()
    return proxy
  },
}

/** A wrapper around an object that throws when it is read, or that only resembles the object. */
export function hostile(target: object, forged: object, random: Random): object {
  return random.pick(Object.values(MAKES))(target, forged, random)
}
