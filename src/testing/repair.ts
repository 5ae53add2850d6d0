/** Undoes what was done to the page, once; `using` calls it at the end of a block. */
export interface Repair {
  (): void
  [Symbol.dispose](): void
}

/** The repair that does this, once. */
export function repair(undo: () => void): Repair {
  let isDone = false
  const once = (): void => {
    if (isDone) return
    isDone = true
    undo()
  }
  return Object.assign(once, { [Symbol.dispose]: once })
}

/** Puts something in the place of a property, until the repair. */
export function replace(target: object, name: string, descriptor: PropertyDescriptor): Repair {
  const before = Object.getOwnPropertyDescriptor(target, name)
  Object.defineProperty(target, name, { ...descriptor, configurable: true })
  return repair(() => {
    if (before) Object.defineProperty(target, name, before)
    else Reflect.deleteProperty(target, name)
  })
}
