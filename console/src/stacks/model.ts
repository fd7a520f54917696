// The shapes of CloudFormation's answers, and which page of the console shows a resource.

import { linkTo } from "../parts/route";

export interface Stack {
  StackId: string;
  StackName: string;
  Description?: string;
  StackStatus: string;
  StackStatusReason?: string;
  CreationTime: number; // seconds since 1970
  LastUpdatedTime?: number;
  ParentId?: string;
  Parameters?: { ParameterKey: string; ParameterValue?: string; ResolvedValue?: string }[];
  Outputs?: { OutputKey: string; OutputValue: string; Description?: string; ExportName?: string }[];
  Capabilities?: string[];
  Tags?: { Key: string; Value: string }[];
  EnableTerminationProtection?: boolean;
}

export interface Resource {
  LogicalResourceId: string;
  PhysicalResourceId?: string;
  ResourceType: string;
  ResourceStatus: string;
  ResourceStatusReason?: string;
  LastUpdatedTimestamp: number;
}

export interface StackEvent {
  EventId: string;
  LogicalResourceId: string;
  PhysicalResourceId?: string;
  ResourceType: string;
  ResourceStatus: string;
  ResourceStatusReason?: string;
  Timestamp: number;
}

export const isMoving = (status: string): boolean => status.endsWith("_IN_PROGRESS");

// The page of a resource, and what it is called there; null where there is none.
export function pageOf(type: string, id: string): { href: string; text: string } | null {
  if (!id) return null;
  switch (type) {
    case "AWS::StepFunctions::StateMachine":
      return { href: linkTo(["workflows", id]), text: "States" };
    case "AWS::S3::Bucket":
      return { href: linkTo(["buckets", id]), text: "Objects" };
    case "AWS::Lambda::Function":
      return { href: linkTo(["logs"], { group: `/aws/lambda/${id}` }), text: "Log" };
    case "AWS::Logs::LogGroup":
      return { href: linkTo(["logs"], { group: id }), text: "Log" };
    case "AWS::CloudFormation::Stack":
      return { href: linkTo(["stacks", id]), text: "Stack" };
    case "AWS::Personalize::Campaign":
      return { href: linkTo(["movies"], { campaign: id }), text: "Movies" };
    case "AWS::Personalize::Dataset":
    case "AWS::Personalize::Solution":
    case "AWS::Glue::Job":
      return { href: linkTo(["jobs"]), text: "Jobs" };
    case "AWS::SNS::Topic":
      return { href: linkTo(["mail"]), text: "Mail" };
    default:
      return null;
  }
}
