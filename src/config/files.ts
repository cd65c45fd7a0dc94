// Watches files, whatever writes them: by their folders (an editor's rename and a ConfigMap's swapped symlink do not change a watched inode), and
// by polling, for file systems without notifications. The caller reads the files; nothing here does.
import { type FSWatcher, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';

interface FileWatchSettings {
  /** Absolute paths; files that do not exist are noticed when they appear. */
  files: () => readonly string[];
  onChange: () => void;
  /** True: notifies at each poll, because a source cannot be read at present. */
  restless?: () => boolean;
  /** Milliseconds between polls. */
  pollMs: number;
  /** Milliseconds without a change before the notification: editors write in steps. */
  debounceMs: number;
}

/** Everything is read again periodically, whatever the files' timestamps: secrets that they name may have changed. */
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
        // The folder does not exist (yet), or the limit of watches is reached: polling covers it.
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
