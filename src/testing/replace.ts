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

// What stands in the place of properties, the latest last; and what was there before all of them.
interface Layers {
  readonly before: PropertyDescriptor | undefined
  readonly layers: PropertyDescriptor[]
}
const replaced = new WeakMap<object, Map<string, Layers>>()

/** Puts something in the place of a property, until the repair. Repairs may come in any order. */
export function replace(target: object, name: string, descriptor: PropertyDescriptor): Repair {
  const properties = replaced.get(target) ?? new Map<string, Layers>()
  replaced.set(target, properties)
  const stack = properties.get(name) ?? {
    before: Object.getOwnPropertyDescriptor(target, name),
    layers: [],
  }
  properties.set(name, stack)
  const { before, layers } = stack
  const layer = { ...descriptor, configurable: true }
  Object.defineProperty(target, name, layer)
  layers.push(layer)
  return repair(() => {
    const isOnTop = layers.at(-1) === layer
    layers.splice(layers.indexOf(layer), 1)
    if (layers.length === 0) properties.delete(name)
    if (!isOnTop) return
    const beneath = layers.at(-1) ?? before
    if (beneath) Object.defineProperty(target, name, beneath)
    else Reflect.deleteProperty(target, name)
  })
}
