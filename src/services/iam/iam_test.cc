#include "wire/iam.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "base/encoding.h"
#include "services/iam/service.h"
#include "storage/document_store.h"

namespace usher::iam {
namespace {

namespace api = usher::api::iam;

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kTrust =
    R"({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",)"
    R"( "Principal": {"Service": "personalize.amazonaws.com"}}]})";
constexpr const char* kReadBucket =
    R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["s3:GetObject"],)"
    R"("Resource":"arn:aws:s3:::b/*"}})";
constexpr const char* kManaged = "arn:aws:iam::aws:policy/service-role/AmazonPersonalizeFullAccess";

class Iam : public testing::Test {
 protected:
  Iam() {
    std::string pattern = (std::filesystem::temp_directory_path() / "iam_test.XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    store_ = *storage::OpenSqliteStore(folder_);
    Register(dispatcher_, *store_, clock_);
  }
  ~Iam() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  template <typename Op>
  Result<typename Op::Response> Call(const typename Op::Request& request) {
    wire::CallContext context;
    return dispatcher_.Call<Op>(request, context);
  }

  void MakeRole(const std::string& name, std::optional<std::string> path = std::nullopt) {
    const auto created = Call<api::CreateRole>(
        {.path = std::move(path), .role_name = name, .assume_role_policy_document = kTrust});
    ASSERT_TRUE(created) << created.error().message;
  }

  Result<api::PutRolePolicyResponse> Put(const std::string& role, const std::string& policy,
                                         const std::string& document = kReadBucket) {
    return Call<api::PutRolePolicy>(
        {.role_name = role, .policy_name = policy, .policy_document = document});
  }

  std::vector<std::string> RoleNames(const api::ListRolesRequest& request) {
    std::vector<std::string> names;
    const auto page = Call<api::ListRoles>(request);
    EXPECT_TRUE(page);
    for (const api::Role& role : page->roles) names.push_back(role.role_name);
    return names;
  }

  std::string folder_;
  FixedClock clock_{FromEpochMillis(1'658'365'323'000)};
  std::unique_ptr<storage::DocumentStore> store_;
  wire::Dispatcher dispatcher_;
};

template <typename T>
std::string NameOf(const Result<T>& result) {
  if (result) return "(no error)";
  const Error& error = result.error();
  if (!error.wire_name.empty()) return error.wire_name;
  switch (error.code) {
    case ErrorCode::kNotFound:
      return "not found";
    case ErrorCode::kAlreadyExists:
      return "already exists";
    case ErrorCode::kInUse:
      return "in use";
    default:
      return error.message;
  }
}

TEST_F(Iam, CreateRoleGivesItsArnIdAndDefaults) {
  const auto created = Call<api::CreateRole>({.path = "/service-role/",
                                              .role_name = "Reader",
                                              .assume_role_policy_document = kTrust,
                                              .description = "reads",
                                              .tags = {{{.key = "team", .value = "movies"}}}});

  ASSERT_TRUE(created) << created.error().message;
  EXPECT_EQ(created->role.arn, "arn:aws:iam::000000000000:role/service-role/Reader");
  EXPECT_THAT(created->role.role_id, testing::MatchesRegex("AROA[A-Z2-7]{17}"));
  EXPECT_EQ(created->role.create_date, clock_.Now());
  EXPECT_EQ(created->role.max_session_duration, 3600);
  EXPECT_EQ(*PercentDecode(*created->role.assume_role_policy_document), kTrust);

  const auto found = Call<api::GetRole>({.role_name = "Reader"});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->role.arn, created->role.arn);
  EXPECT_EQ(found->role.role_id, created->role.role_id);
  EXPECT_EQ(found->role.description, "reads");
  EXPECT_EQ(found->role.assume_role_policy_document, created->role.assume_role_policy_document);
  ASSERT_TRUE(found->role.tags);
  EXPECT_EQ(found->role.tags->at(0).value, "movies");
}

TEST_F(Iam, NamesAreToldApartWithoutCase) {
  MakeRole("Reader");

  EXPECT_EQ(
      NameOf(Call<api::CreateRole>({.role_name = "READER", .assume_role_policy_document = kTrust})),
      "already exists");
  EXPECT_EQ(Call<api::GetRole>({.role_name = "reader"})->role.role_name, "Reader");
}

TEST_F(Iam, UnknownRolesAreNotFound) {
  EXPECT_EQ(NameOf(Call<api::GetRole>({.role_name = "none"})), "not found");
  EXPECT_EQ(Call<api::GetRole>({.role_name = "none"}).error().message,
            "The role with name none cannot be found.");
  EXPECT_EQ(NameOf(Call<api::DeleteRole>({.role_name = "none"})), "not found");
  EXPECT_EQ(NameOf(Put("none", "p")), "not found");
  EXPECT_EQ(NameOf(Call<api::ListRolePolicies>({.role_name = "none"})), "not found");
  EXPECT_EQ(NameOf(Call<api::AttachRolePolicy>({.role_name = "none", .policy_arn = kManaged})),
            "not found");
}

TEST_F(Iam, RefusesPoliciesThatAreNone) {
  for (const char* bad :
       {"x", "[]", "{}", R"({"Statement":[]})", R"({"Statement":[{"Effect":"Allow"}]})",
        R"({"Statement":{"Effect":"Maybe","Action":"a","Principal":"*"}})",
        R"({"Statement":{"Effect":"Allow","Action":"a","Principal":"*","Resource":"*"}})",
        R"({"Statement":{"Effect":"Allow","Action":[],"Principal":"*"}})",
        R"({"Statement":{"Effect":"Allow","Action":"a","NotAction":"b","Principal":"*"}})",
        R"({"Statement":{"Effect":"Allow","Action":"a","Principal":"*","Extra":1}})",
        R"({"Version":"2020","Statement":{"Effect":"Allow","Action":"a","Principal":"*"}})",
        R"({"Extra":1,"Statement":{"Effect":"Allow","Action":"a","Principal":"*"}})"}) {
    EXPECT_EQ(NameOf(Call<api::CreateRole>({.role_name = "r", .assume_role_policy_document = bad})),
              "MalformedPolicyDocument")
        << bad;
  }
  MakeRole("r");
  EXPECT_EQ(NameOf(Put("r", "p", kTrust)), "MalformedPolicyDocument");
}

TEST_F(Iam, RefusesTagsGivenTwice) {
  EXPECT_EQ(NameOf(Call<api::CreateRole>(
                {.role_name = "r",
                 .assume_role_policy_document = kTrust,
                 .tags = {{{.key = "a", .value = "1"}, {.key = "A", .value = "2"}}}})),
            "InvalidInput");
}

TEST_F(Iam, DeleteRoleWaitsForItsPolicies) {
  MakeRole("r");
  ASSERT_TRUE(Put("r", "p"));
  ASSERT_TRUE(Call<api::AttachRolePolicy>({.role_name = "r", .policy_arn = kManaged}));

  EXPECT_EQ(NameOf(Call<api::DeleteRole>({.role_name = "r"})), "in use");
  ASSERT_TRUE(Call<api::DetachRolePolicy>({.role_name = "r", .policy_arn = kManaged}));
  EXPECT_EQ(NameOf(Call<api::DeleteRole>({.role_name = "r"})), "in use");
  ASSERT_TRUE(Call<api::DeleteRolePolicy>({.role_name = "r", .policy_name = "p"}));
  EXPECT_TRUE(Call<api::DeleteRole>({.role_name = "r"}));
  EXPECT_EQ(NameOf(Call<api::GetRole>({.role_name = "r"})), "not found");
}

TEST_F(Iam, KeepsInlinePoliciesAndGivesThemBack) {
  MakeRole("r");
  ASSERT_TRUE(Put("r", "b"));
  ASSERT_TRUE(Put("r", "a"));
  ASSERT_TRUE(Put("r", "a"));  // replaces

  const auto policy = Call<api::GetRolePolicy>({.role_name = "r", .policy_name = "a"});
  ASSERT_TRUE(policy);
  EXPECT_EQ(*PercentDecode(policy->policy_document), kReadBucket);
  EXPECT_THAT(Call<api::ListRolePolicies>({.role_name = "r"})->policy_names, ElementsAre("a", "b"));
  EXPECT_EQ(NameOf(Call<api::GetRolePolicy>({.role_name = "r", .policy_name = "c"})), "not found");
  EXPECT_EQ(NameOf(Call<api::DeleteRolePolicy>({.role_name = "r", .policy_name = "c"})),
            "not found");
}

TEST_F(Iam, LimitsTheSizeOfInlinePoliciesTogether) {
  MakeRole("r");
  const auto document = [](std::size_t resource_bytes) {
    return R"({"Statement":{"Effect":"Allow","Action":"a","Resource":")" +
           std::string(resource_bytes, 'x') + "\"}}";
  };
  ASSERT_TRUE(Put("r", "a", document(5000)));
  ASSERT_TRUE(Put("r", "spaces", document(100) + std::string(5000, ' ')));

  EXPECT_EQ(NameOf(Put("r", "b", document(5200))), "LimitExceeded");
  EXPECT_THAT(Call<api::ListRolePolicies>({.role_name = "r"})->policy_names,
              ElementsAre("a", "spaces"));
}

TEST_F(Iam, AttachesManagedPoliciesOnce) {
  MakeRole("r");
  ASSERT_TRUE(Call<api::AttachRolePolicy>({.role_name = "r", .policy_arn = kManaged}));
  ASSERT_TRUE(Call<api::AttachRolePolicy>({.role_name = "r", .policy_arn = kManaged}));

  const auto listed = Call<api::ListAttachedRolePolicies>({.role_name = "r"});
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->attached_policies->size(), 1U);
  EXPECT_EQ(listed->attached_policies->at(0).policy_name, "AmazonPersonalizeFullAccess");
  EXPECT_EQ(listed->attached_policies->at(0).policy_arn, kManaged);
  EXPECT_THAT(*Call<api::ListAttachedRolePolicies>({.role_name = "r", .path_prefix = "/other/"})
                   ->attached_policies,
              IsEmpty());
  EXPECT_EQ(NameOf(Call<api::DetachRolePolicy>(
                {.role_name = "r", .policy_arn = "arn:aws:iam::aws:policy/Other"})),
            "not found");
}

TEST_F(Iam, RefusesPolicyArnsItCannotKnow) {
  MakeRole("r");

  EXPECT_EQ(NameOf(Call<api::AttachRolePolicy>(
                {.role_name = "r", .policy_arn = "arn:aws:iam::000000000000:policy/mine"})),
            "not found");
  EXPECT_EQ(NameOf(Call<api::AttachRolePolicy>(
                {.role_name = "r", .policy_arn = "not-an-arn-but-long-enough"})),
            "InvalidInput");
}

TEST_F(Iam, LimitsTheNumberOfAttachedPolicies) {
  MakeRole("r");
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(Call<api::AttachRolePolicy>(
        {.role_name = "r", .policy_arn = "arn:aws:iam::aws:policy/P" + std::to_string(i)}));
  }

  EXPECT_EQ(NameOf(Call<api::AttachRolePolicy>(
                {.role_name = "r", .policy_arn = "arn:aws:iam::aws:policy/One"})),
            "LimitExceeded");
}

TEST_F(Iam, ListsRolesByNameInPages) {
  std::set<std::string> made;
  for (int i = 0; i < 25; ++i) {
    const std::string name = "role-" + std::to_string(i);
    MakeRole(name, i % 5 == 0 ? "/fifth/" : "/");
    made.insert(name);
  }

  std::vector<std::string> seen;
  api::ListRolesRequest request{.max_items = 10};
  int pages = 0;
  while (true) {
    const auto page = Call<api::ListRoles>(request);
    ASSERT_TRUE(page);
    ++pages;
    for (const api::Role& role : page->roles) seen.push_back(role.role_name);
    ASSERT_EQ(page->is_truncated, page->marker.has_value());
    if (!page->marker) break;
    request.marker = page->marker;
  }
  EXPECT_EQ(pages, 3);
  EXPECT_THAT(seen, testing::ElementsAreArray(made));

  EXPECT_THAT(RoleNames({.path_prefix = "/fifth/"}),
              ElementsAre("role-0", "role-10", "role-15", "role-20", "role-5"));
  EXPECT_THAT(RoleNames({.path_prefix = "/fifth/", .max_items = 2}),
              ElementsAre("role-0", "role-10"));
}

TEST_F(Iam, PagesEndExactlyAtTheLastRole) {
  for (int i = 0; i < 4; ++i) MakeRole("r" + std::to_string(i));

  const auto first = Call<api::ListRoles>({.max_items = 2});
  ASSERT_TRUE(first);
  ASSERT_TRUE(first->marker);
  const auto second = Call<api::ListRoles>({.marker = first->marker, .max_items = 2});
  ASSERT_TRUE(second);
  EXPECT_EQ(second->roles.size(), 2U);
  EXPECT_FALSE(second->marker);
}

TEST_F(Iam, RefusesMarkersItDidNotMake) {
  MakeRole("r");

  EXPECT_EQ(NameOf(Call<api::ListRoles>({.marker = "%%%"})), "ValidationError");
  EXPECT_EQ(NameOf(Call<api::ListRolePolicies>({.role_name = "r", .marker = "%%%"})),
            "ValidationError");
}

TEST_F(Iam, RemembersAfterARestart) {
  MakeRole("r");
  ASSERT_TRUE(Put("r", "p"));

  store_.reset();
  store_ = *storage::OpenSqliteStore(folder_);
  wire::Dispatcher again;
  Register(again, *store_, clock_);
  wire::CallContext context;

  const auto policy =
      again.Call<api::GetRolePolicy>({.role_name = "r", .policy_name = "p"}, context);
  ASSERT_TRUE(policy);
  EXPECT_EQ(*PercentDecode(policy->policy_document), kReadBucket);
}

}  // namespace
}  // namespace usher::iam
