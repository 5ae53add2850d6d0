/**
 * Binds all methods and getters of an object's class to the object. They can then be handed on by themselves, and work on a proxy
 * that Vue or another framework puts around the object: that has none of the object's private fields. They aren't enumerable, so
 * the object's copies, clones and JSON stay as they are.
 */
export function bindMembers(object: object): void {
  const members = Object.getOwnPropertyDescriptors(Object.getPrototypeOf(object))
  for (const [name, { get, value }] of Object.entries<PropertyDescriptor>(members))
    if (name !== 'constructor')
      Object.defineProperty(object, name, {
        configurable: true,
        ...(get ? { get: get.bind(object) } : { value: value.bind(object), writable: true }),
      })
}
