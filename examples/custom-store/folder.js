import { readFile, rm, writeFile } from 'node:fs'
import { join } from 'node:path'

/**
 * A backend with callbacks that stores each string in a file of a folder.
 * @param {string} path
 * @returns {import('cacao-session/stores').CallbackBackend}
 */
export function inFolder(path) {
  /** @param {string} key */
  const fileOf = (key) => join(path, encodeURIComponent(key))
  return {
    getItem(key, callback) {
      readFile(fileOf(key), 'utf8', (error, text) => {
        if (error?.code === 'ENOENT') callback()
        else callback(error, text)
      })
    },
    setItem: (key, value, callback) => writeFile(fileOf(key), value, { mode: 0o600 }, callback),
    removeItem: (key, callback) => rm(fileOf(key), { force: true }, callback),
  }
}
