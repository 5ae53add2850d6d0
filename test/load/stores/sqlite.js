import { DatabaseSync } from 'node:sqlite'
import { sqlReplay } from 'cacao-session/sql'

const database = new DatabaseSync(process.env.PLACE)
// Longer than any turn of the other processes, which write all the time.
database.exec('PRAGMA busy_timeout = 60000')
export const replay = sqlReplay(database)
