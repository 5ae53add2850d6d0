/** Undoes a change to the page. Calling it again does nothing; `using` calls it at the end of a block. */
export interface Restore {
  (): void
  [Symbol.dispose](): void
}

/** Makes a `Restore` that calls `undo` once. */
export function restoreOnce(undo: () => void): Restore {
  let isDone = false
  const once = (): void => {
    if (isDone) return
    isDone = true
    undo()
  }
  return Object.assign(once, { [Symbol.dispose]: once })
}

// The replacements of a property, in the order in which they were made, and its original descriptor.
interface Replacements {
  readonly before: PropertyDescriptor | undefined
  readonly descriptors: PropertyDescriptor[]
}

const replaced = new WeakMap<object, Map<string, Replacements>>()

/**
 * Replaces a property of `target` until the returned function is called. Several replacements of one property
 * can be undone in any order.
 */
export function replace(target: object, name: string, descriptor: PropertyDescriptor): Restore {
  const properties = replaced.get(target) ?? new Map<string, Replacements>()
  replaced.set(target, properties)
  const replacements = properties.get(name) ?? {
    before: Object.getOwnPropertyDescriptor(target, name),
    descriptors: [],
  }
  properties.set(name, replacements)
  const { before, descriptors } = replacements
  const own = { ...descriptor, configurable: true }
  Object.defineProperty(target, name, own)
  descriptors.push(own)
  return restoreOnce(() => {
    const isOnTop = descriptors.at(-1) === own
    descriptors.splice(descriptors.indexOf(own), 1)
    if (descriptors.length === 0) properties.delete(name)
    if (!isOnTop) return
    const beneath = descriptors.at(-1) ?? before
    if (beneath) Object.defineProperty(target, name, beneath)
    else Reflect.deleteProperty(target, name)
  })
}
