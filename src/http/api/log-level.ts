// The log level of running processes over HTTP: GET shows the switches, PUT sets one for a while or takes it back.
import { z } from 'zod';
import { type LogSwitch, logLevels, traceGrades } from '../../telemetry/log-control.ts';
import { problemSchema } from '../problem.ts';
import { type Route, route } from '../routes.ts';

const switchSchema = z.object({
  server: z.string().optional().describe('Missing: all'),
  level: z.enum(logLevels).optional(),
  trace: z.enum(traceGrades).optional(),
  until: z.number().describe('Epoch milliseconds'),
});
const listSchema = z.object({ switches: z.array(switchSchema) });

export interface LogLevelApi {
  logSwitches(): Promise<LogSwitch[]>;
  /** Undefined level and trace: the switch for this server (or all) is taken back. @throws MailroomError EMAIL_SERVER_NOT_FOUND */
  switchLog(wanted: Omit<LogSwitch, 'until'>, minutes: number): Promise<void>;
}

export function logLevelRoutes(api: LogLevelApi): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/log-level',
      operationId: 'getLogLevel',
      summary: 'Switches of the log that are in force',
      tag: 'Operation',
      permission: 'status:read',
      answers: { 200: { description: 'Switches', schema: listSchema } },
      handle: async ({ reply }) => {
        reply.header('cache-control', 'no-store');
        return { switches: await api.logSwitches() };
      },
    }),
    route({
      method: 'PUT',
      path: '/v1/log-level',
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
        404: { description: 'EMAIL_SERVER_NOT_FOUND', schema: problemSchema, contentType: 'application/problem+json' },
      },
      handle: async ({ body: { server, level, trace, minutes } }) => {
        await api.switchLog(
          {
            ...(server === undefined ? {} : { server }),
            ...(level == null ? {} : { level }),
            ...(trace === undefined ? {} : { trace }),
          },
          minutes,
        );
        return { switches: await api.logSwitches() };
      },
    }),
  ];
}
