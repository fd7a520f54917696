// The shapes of Step Functions' answers, and the addresses of their pages.

import { linkTo } from "../parts/route";

export const kListedMachines = 100;

export interface Machine {
  stateMachineArn: string;
  name: string;
  type: string; // STANDARD or EXPRESS
  creationDate: number; // seconds since 1970
}

export interface MachineDetails extends Machine {
  definition: string;
  roleArn: string;
  status: string;
  description?: string;
  revisionId?: string;
  updateDate?: number; // of the definition that an execution was started with
  loggingConfiguration?: {
    level?: string;
    destinations?: { cloudWatchLogsLogGroup?: { logGroupArn?: string } }[];
  };
  tracingConfiguration?: { enabled?: boolean };
}

export interface Execution {
  executionArn: string;
  stateMachineArn: string;
  name: string;
  status: string;
  startDate: number;
  stopDate?: number;
}

export interface ExecutionDetails extends Execution {
  input?: string;
  output?: string;
  error?: string;
  cause?: string;
}

// arn:aws:states:<region>:<account>:execution:<machine>:<name>
export function linkToExecution(one: { executionArn: string }, query: Record<string, string> = {}): string {
  const parts = one.executionArn.split(":");
  const machine = [...parts.slice(0, 5), "stateMachine", parts[6]].join(":");
  return linkTo(["workflows", machine, parts.slice(7).join(":")], query);
}

export const executionArnOf = (machineArn: string, name: string): string =>
  `${machineArn.replace(":stateMachine:", ":execution:")}:${name}`;

// The log group that a machine writes to.
export function logGroupOf(machine: MachineDetails | undefined): string | null {
  const logging = machine?.loggingConfiguration;
  const arn = logging?.destinations?.[0]?.cloudWatchLogsLogGroup?.logGroupArn;
  if (!arn || (logging?.level ?? "OFF") === "OFF") return null;
  return /:log-group:(.+?)(:\*)?$/.exec(arn)?.[1] ?? null;
}
