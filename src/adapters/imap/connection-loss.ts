// The loss of one connection: one error for all that wait for it.
import type { MailroomError } from '../../domain/errors.ts';

export type ConnectionLoss = ReturnType<typeof connectionLoss>;

export function connectionLoss() {
  let lost: MailroomError | undefined;
  // Each wait is removed when it is over. Promise.race with one promise of the connection's life would keep every answer, fetched mails with all their
  // bytes, until the connection ends.
  const waiting = new Set<(error: MailroomError) => void>();
  return {
    /** Undefined: it is not lost. */
    error: () => lost,
    /** The first error counts; every wait rejects with it. */
    declare(error: MailroomError): void {
      lost ??= error;
      for (const reject of waiting) reject(lost);
      waiting.clear();
    },
    /** As `new Promise(executor)`, which the loss rejects. @throws MailroomError */
    async race<T>(executor: (resolve: (value: T) => void, reject: (error: unknown) => void) => void): Promise<T> {
      if (lost !== undefined) throw lost;
      let onLoss: ((error: MailroomError) => void) | undefined;
      try {
        return await new Promise<T>((resolve, reject) => {
          onLoss = reject;
          waiting.add(reject);
          executor(resolve, reject);
        });
      } finally {
        if (onLoss !== undefined) waiting.delete(onLoss);
      }
    },
  };
}
