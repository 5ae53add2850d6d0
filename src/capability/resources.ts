import { hasDotSegment } from './dot-segments.js'
import { isURI } from './uri.js'

/** How a ReCap begins. */
export const RECAP = 'urn:recap:'
// What a granted resource stands for: itself; and, where it ends in a wildcard, all that lies under it.
const WILDCARD = /^[^?#]*\/(?=\*$)/

/** Whether a resource is a ReCap (ERC-5573), which holds abilities. */
export function isRecap(resource: string | undefined): boolean {
  return resource?.startsWith(RECAP) === true
}

/**
 * Whether a text can be granted, and asked for, as a resource: a URI (RFC 3986) without `.` or `..` segments. Whoever resolves
 * those ends elsewhere than the text says, so that a resource with one covers nothing, and nothing covers it.
 */
export function isResource(text: string): boolean {
  return isURI(text) && !hasDotSegment(text)
}

/**
 * Whether one granted resource covers a wanted one: the same text; or the grant is `scheme://*` or a path
 * that ends in `/*`, and the wanted resource lies under it, on a `/` boundary. What is no resource (`isResource`) is not covered.
 */
export function covers(granted: string, wanted: string): boolean {
  return coverageOf([granted])(wanted)
}

/** The wanted resources that none of the granted ones covers. */
export function missingResources(granted: readonly string[], wanted: readonly string[]): string[] {
  const isCovered = coverageOf(granted)
  return wanted.filter((resource) => !isCovered(resource))
}

/** Whether one of the granted resources covers a wanted one, for many that are wanted. */
export function coverageOf(granted: readonly string[]): (wanted: string) => boolean {
  const exact = new Set<string>()
  const root: Folder = { folders: new Map(), isGranted: false }
  for (const grant of granted) {
    if (hasDotSegment(grant)) continue
    exact.add(grant)
    const prefix = WILDCARD.exec(grant)?.[0]
    if (prefix !== undefined) folderAt(root, prefix.split('/').slice(0, -1)).isGranted = true
  }
  return (wanted) => isResource(wanted) && (exact.has(wanted) || liesInGranted(root, wanted.split('/')))
}

// What is granted with all that lies under it, by the parts of its text between slashes. There may be a thousand resources on
// either side: so each text is gone through once, and none is compared with each of the others.
interface Folder {
  readonly folders: Map<string, Folder>
  isGranted: boolean
}

function folderAt(root: Folder, names: readonly string[]): Folder {
  let folder = root
  for (const name of names) {
    const next = folder.folders.get(name) ?? { folders: new Map(), isGranted: false }
    folder.folders.set(name, next)
    folder = next
  }
  return folder
}

// The last name isn't a folder's; it is empty for the folder itself, which a wildcard doesn't stand for.
function liesInGranted(root: Folder, names: readonly string[]): boolean {
  let folder: Folder | undefined = root
  const last = names.length - 1
  for (let i = 0; i < last; i++) {
    folder = folder.folders.get(names[i] ?? '')
    if (!folder) return false
    if (folder.isGranted && (i + 1 < last || names[last] !== '')) return true
  }
  return false
}
