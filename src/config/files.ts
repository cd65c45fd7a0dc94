// Watching files whatever writes them: by their folders (an editor's rename and a ConfigMap's swapped symlink change no watched inode), and by
// polling besides, for file systems that tell nothing. Who watches reads everything again; nothing here looks into a file.
import { type FSWatcher, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';

interface FileWatchSettings {
  /** Absolute paths as they are now; those that do not exist are taken up when they appear. */
  files: () => readonly string[];
  onChange: () => void;
  /** True: told at each poll, because something cannot be read at the moment. */
  restless?: () => boolean;
  /** Milliseconds between polls. */
  pollMs: number;
  /** Milliseconds of quiet after a change before it is told: editors write in steps. */
  debounceMs: number;
}

/** Now and then all is read again, whatever the files' stamps say: what they name may have changed while they did not. */
const POLLS_TO_READ_ALL = 12;

export function watchFiles(settings: FileWatchSettings): { changed(): void; stop(): void } {
  const { files, onChange, restless = () => false, pollMs, debounceMs } = settings;
  const watchers = new Map<string, FSWatcher>();
  let stopped = false;
  let quiet: NodeJS.Timeout | undefined;

  const changed = () => {
    clearTimeout(quiet);
    if (stopped) return;
    quiet = setTimeout(onChange, debounceMs);
    quiet.unref();
  };

  function watchFolders(): void {
    for (const folder of new Set(files().map((file) => dirname(file)))) {
      if (watchers.has(folder)) continue;
      try {
        const watcher = watch(folder, { persistent: false }, changed);
        watcher.on('error', () => {
          watcher.close();
          watchers.delete(folder);
        });
        watchers.set(folder, watcher);
      } catch {
        // The folder is not there (yet), or the limit of watches is reached: polling does it.
      }
    }
  }

  const stampsNow = () => files().map(stampOf).join();
  let stamps = stampsNow();
  let polls = 0;
  const poll = setInterval(() => {
    watchFolders();
    polls += 1;
    const now = stampsNow();
    if (now !== stamps || restless() || polls % POLLS_TO_READ_ALL === 0) changed();
    stamps = now;
  }, pollMs);
  poll.unref();
  watchFolders();

  return {
    changed,
    stop() {
      stopped = true;
      clearTimeout(quiet);
      clearInterval(poll);
      for (const watcher of watchers.values()) watcher.close();
    },
  };
}

/** Follows symlinks: a ConfigMap swaps the folder behind them. */
function stampOf(file: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(file);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return '-';
  }
}
