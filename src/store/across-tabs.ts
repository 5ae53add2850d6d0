/**
 * Does the work while no other tab or worker of this origin does any of the same name. Where there are no locks, or the
 * browser refuses them, it is done all the same.
 */
export async function acrossTabs<T>(name: string, work: () => Promise<T>): Promise<T> {
  const { location, navigator } = globalThis
  // A server has no origin; its locks would make one person wait for another.
  const locks = location && navigator?.locks
  if (!locks) return work()
  let hasBegun = false
  try {
    return await locks.request(name, () => {
      hasBegun = true
      return work()
    })
  } catch (error) {
    if (hasBegun) throw error
    return work()
  }
}
