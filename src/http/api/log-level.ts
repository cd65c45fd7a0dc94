// The log level of running processes over HTTP: GET shows the switches, PUT sets one for a while or removes it.
import { z } from 'zod';
import { type LogSwitch, logLevels, traceGrades } from '../../telemetry/log-control.ts';
import { problemAnswer as problem } from '../problem.ts';
import { get, put, type Route } from '../routes.ts';

const switchSchema = z.object({
  server: z.string().optional().describe('Missing: all'),
  level: z.enum(logLevels).optional(),
  trace: z.enum(traceGrades).optional(),
  until: z.number().describe('Epoch milliseconds'),
});
const listSchema = z.object({ switches: z.array(switchSchema) });

export interface LogLevelApi {
  logSwitches(): Promise<LogSwitch[]>;
  /** Undefined level and trace: the switch for this server (or all) is removed. @throws MailroomError EMAIL_SERVER_NOT_FOUND */
  switchLog(wanted: Omit<LogSwitch, 'until'>, minutes: number): Promise<void>;
}

export function logLevelRoutes(api: LogLevelApi): Route[] {
  return [
    get('/v1/log-level', {
      operationId: 'getLogLevel',
      summary: 'Switches of the log that are in force',
      tag: 'Operation',
      permission: 'status:read',
      answers: { 200: { description: 'Switches', schema: listSchema } },
      handle: async () => ({ switches: await api.logSwitches() }),
    }),
    put('/v1/log-level', {
      operationId: 'setLogLevel',
      summary:
        'Log level of all processes for a while, or of one email server; optionally a trace of its protocol (IMAP or SMTP)',
      tag: 'Operation',
      permission: 'log-level:write',
      body: z.strictObject({
        server: z.string().max(400).optional().describe('Name of an email server; missing: all'),
        level: z.enum(logLevels).nullable().optional().describe('null or missing, without trace: as configured'),
        trace: z
          .enum(traceGrades)
          .optional()
          .describe(
            'Only with server. commands: names, numbers and outcomes; answers: also the server’s words, scrubbed',
          ),
        minutes: z.number().positive().max(1_440).default(15),
      }),
      answers: {
        200: { description: 'Switches now in force; processes follow within 3 seconds', schema: listSchema },
        404: problem('EMAIL_SERVER_NOT_FOUND'),
      },
      handle: async ({ body: { server, level, trace, minutes } }) => {
        await api.switchLog({ server, level: level ?? undefined, trace }, minutes);
        return { switches: await api.logSwitches() };
      },
    }),
  ];
}
