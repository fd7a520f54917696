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

// ---- what changes a role as it stands ----

TEST_F(Iam, UpdatesARolesTexts) {
  MakeRole("r");
  ASSERT_TRUE(Call<api::UpdateRole>(
      {.role_name = "r", .description = "new", .max_session_duration = 7200}));
  EXPECT_EQ(Call<api::GetRole>({.role_name = "r"})->role.description, "new");
  EXPECT_EQ(Call<api::GetRole>({.role_name = "r"})->role.max_session_duration, 7200);

  // "If you do not specify a value for this setting, the default value of one hour is applied."
  ASSERT_TRUE(Call<api::UpdateRole>({.role_name = "r"}));
  EXPECT_EQ(Call<api::GetRole>({.role_name = "r"})->role.description, "new");
  EXPECT_EQ(Call<api::GetRole>({.role_name = "r"})->role.max_session_duration, 3600);

  const auto described =
      Call<api::UpdateRoleDescription>({.role_name = "r", .description = "newer"});
  ASSERT_TRUE(described);
  EXPECT_EQ(described->role->description, "newer");
  EXPECT_EQ(NameOf(Call<api::UpdateRole>({.role_name = "none"})), "not found");
}

TEST_F(Iam, UpdatesATrustPolicyButNotToSomethingElse) {
  MakeRole("r");
  const std::string other =
      R"({"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"}}})";
  ASSERT_TRUE(Call<api::UpdateAssumeRolePolicy>({.role_name = "r", .policy_document = other}));

  EXPECT_EQ(
      NameOf(Call<api::UpdateAssumeRolePolicy>({.role_name = "r", .policy_document = kReadBucket})),
      "MalformedPolicyDocument");
  EXPECT_EQ(NameOf(Call<api::UpdateAssumeRolePolicy>(
                {.role_name = "r", .policy_document = std::string(2049, 'x')})),
            "LimitExceeded");
  EXPECT_EQ(
      *PercentDecode(*Call<api::GetRole>({.role_name = "r"})->role.assume_role_policy_document),
      other);
}

TEST_F(Iam, RolesHaveNoInstanceProfiles) {
  MakeRole("r");
  const auto listed = Call<api::ListInstanceProfilesForRole>({.role_name = "r"});
  ASSERT_TRUE(listed);
  EXPECT_THAT(listed->instance_profiles, IsEmpty());
  EXPECT_FALSE(*listed->is_truncated);
  EXPECT_EQ(NameOf(Call<api::ListInstanceProfilesForRole>({.role_name = "none"})), "not found");
}

TEST_F(Iam, PutsAndDeletesABoundary) {
  MakeRole("r");
  ASSERT_TRUE(
      Call<api::PutRolePermissionsBoundary>({.role_name = "r", .permissions_boundary = kManaged}));
  EXPECT_EQ(
      Call<api::GetRole>({.role_name = "r"})->role.permissions_boundary->permissions_boundary_arn,
      kManaged);
  ASSERT_TRUE(Call<api::DeleteRolePermissionsBoundary>({.role_name = "r"}));
  EXPECT_FALSE(Call<api::GetRole>({.role_name = "r"})->role.permissions_boundary);
}

TEST_F(Iam, TagsARole) {
  MakeRole("r");
  ASSERT_TRUE(Call<api::TagRole>(
      {.role_name = "r",
       .tags = {{.key = "team", .value = "a"}, {.key = "stage", .value = "test"}}}));
  ASSERT_TRUE(Call<api::TagRole>({.role_name = "r", .tags = {{.key = "Team", .value = "b"}}}));

  const auto first = Call<api::ListRoleTags>({.role_name = "r", .max_items = 1});
  ASSERT_TRUE(first);
  EXPECT_TRUE(*first->is_truncated);
  EXPECT_THAT(first->tags, ElementsAre(api::Tag{.key = "Team", .value = "b"}));
  const auto second = Call<api::ListRoleTags>({.role_name = "r", .marker = first->marker});
  EXPECT_THAT(second->tags, ElementsAre(api::Tag{.key = "stage", .value = "test"}));
  EXPECT_FALSE(*second->is_truncated);

  ASSERT_TRUE(Call<api::UntagRole>({.role_name = "r", .tag_keys = {"TEAM", "stage", "none"}}));
  EXPECT_THAT(Call<api::ListRoleTags>({.role_name = "r"})->tags, IsEmpty());
  EXPECT_FALSE(Call<api::GetRole>({.role_name = "r"})->role.tags);
}

TEST_F(Iam, LimitsTheNumberOfTagsTogether) {
  MakeRole("r");
  std::vector<api::Tag> many;
  for (int i = 0; i < 50; ++i) many.push_back({.key = "k" + std::to_string(i), .value = "v"});
  ASSERT_TRUE(Call<api::TagRole>({.role_name = "r", .tags = many}));

  EXPECT_EQ(NameOf(Call<api::TagRole>({.role_name = "r", .tags = {{.key = "x", .value = ""}}})),
            "LimitExceeded");
  EXPECT_TRUE(Call<api::TagRole>({.role_name = "r", .tags = {{.key = "k0", .value = "other"}}}));
}

// ---- managed policies ----

constexpr const char* kMine = "arn:aws:iam::000000000000:policy/team/Mine";

class ManagedPolicy : public Iam {
 protected:
  void Make(const std::string& name = "Mine", const std::string& path = "/team/") {
    const auto made = Call<api::CreatePolicy>(
        {.policy_name = name, .path = path, .policy_document = kReadBucket});
    ASSERT_TRUE(made) << made.error().message;
  }
  Result<api::CreatePolicyVersionResponse> AddVersion(bool is_default = false) {
    return Call<api::CreatePolicyVersion>(
        {.policy_arn = kMine, .policy_document = kReadBucket, .set_as_default = is_default});
  }
  std::vector<std::string> Versions() {
    std::vector<std::string> ids;
    const auto page = Call<api::ListPolicyVersions>({.policy_arn = kMine});
    if (!page) return {page.error().message};
    for (const auto& version : *page->versions) {
      ids.push_back(*version.version_id + (*version.is_default_version ? "*" : ""));
    }
    return ids;
  }
  std::vector<std::string> Names(const api::ListPoliciesRequest& request) {
    std::vector<std::string> names;
    const auto page = Call<api::ListPolicies>(request);
    if (!page) return {page.error().message};
    for (const auto& policy : *page->policies) {
      names.push_back(*policy.policy_name);
    }
    return names;
  }
};

TEST_F(ManagedPolicy, IsGivenBackAsItWasMade) {
  const auto made = Call<api::CreatePolicy>({.policy_name = "Mine",
                                             .path = "/team/",
                                             .policy_document = kReadBucket,
                                             .description = "reads",
                                             .tags = {{{.key = "a", .value = "1"}}}});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->policy->arn, kMine);
  EXPECT_THAT(*made->policy->policy_id, testing::MatchesRegex("ANPA[A-Z2-7]{17}"));

  const auto found = Call<api::GetPolicy>({.policy_arn = kMine});
  ASSERT_TRUE(found);
  EXPECT_EQ(*found->policy, *made->policy);
  EXPECT_EQ(found->policy->default_version_id, "v1");
  EXPECT_EQ(found->policy->attachment_count, 0);
  EXPECT_EQ(found->policy->description, "reads");

  const auto version = Call<api::GetPolicyVersion>({.policy_arn = kMine, .version_id = "v1"});
  ASSERT_TRUE(version);
  EXPECT_EQ(*PercentDecode(*version->policy_version->document), kReadBucket);
  EXPECT_TRUE(*version->policy_version->is_default_version);
}

TEST_F(ManagedPolicy, HasANameOfItsOwnWhateverItsPath) {
  Make();

  EXPECT_EQ(NameOf(Call<api::CreatePolicy>(
                {.policy_name = "MINE", .path = "/", .policy_document = kReadBucket})),
            "already exists");
  EXPECT_EQ(NameOf(Call<api::GetPolicy>({.policy_arn = "arn:aws:iam::000000000000:policy/Mine"})),
            "not found");
  EXPECT_EQ(NameOf(Call<api::GetPolicy>({.policy_arn = "arn:aws:iam::aws:policy/team/Mine"})),
            "not found");
  EXPECT_EQ(NameOf(Call<api::GetPolicy>({.policy_arn = "not-an-arn-but-long-enough"})),
            "InvalidInput");
}

TEST_F(ManagedPolicy, MustBeAPolicyOfItsSize) {
  EXPECT_EQ(NameOf(Call<api::CreatePolicy>({.policy_name = "p", .policy_document = kTrust})),
            "MalformedPolicyDocument");
  EXPECT_EQ(NameOf(Call<api::CreatePolicy>(
                {.policy_name = "p", .policy_document = std::string(6145, 'x')})),
            "LimitExceeded");
}

TEST_F(ManagedPolicy, CannotGoWhileItIsAttached) {
  Make();
  MakeRole("r");
  ASSERT_TRUE(Call<api::AttachRolePolicy>({.role_name = "R", .policy_arn = kMine}));
  ASSERT_TRUE(Call<api::AttachRolePolicy>({.role_name = "r", .policy_arn = kMine}));

  EXPECT_EQ(Call<api::GetPolicy>({.policy_arn = kMine})->policy->attachment_count, 1);
  EXPECT_THAT(Names({.only_attached = true}), ElementsAre("Mine"));
  const auto entities = Call<api::ListEntitiesForPolicy>({.policy_arn = kMine});
  ASSERT_EQ(entities->policy_roles->size(), 1U);
  EXPECT_EQ(entities->policy_roles->at(0).role_name, "r");
  EXPECT_THAT(*Call<api::ListEntitiesForPolicy>({.policy_arn = kMine, .entity_filter = "User"})
                   ->policy_roles,
              IsEmpty());
  EXPECT_EQ(NameOf(Call<api::DeletePolicy>({.policy_arn = kMine})), "in use");
  EXPECT_EQ(NameOf(Call<api::DeleteRole>({.role_name = "r"})), "in use");

  ASSERT_TRUE(Call<api::DetachRolePolicy>({.role_name = "r", .policy_arn = kMine}));
  EXPECT_EQ(NameOf(Call<api::DetachRolePolicy>({.role_name = "r", .policy_arn = kMine})),
            "not found");
  EXPECT_THAT(Names({.only_attached = true}), IsEmpty());
  EXPECT_TRUE(Call<api::DeletePolicy>({.policy_arn = kMine}));
  EXPECT_EQ(NameOf(Call<api::GetPolicy>({.policy_arn = kMine})), "not found");
}

TEST_F(ManagedPolicy, HasAtMostFiveVersionsWithNumbersUsedOnce) {
  Make();
  for (int i = 2; i <= 5; ++i) ASSERT_TRUE(AddVersion(i == 3));
  EXPECT_THAT(Versions(), ElementsAre("v5", "v4", "v3*", "v2", "v1"));
  EXPECT_EQ(NameOf(AddVersion()), "LimitExceeded");

  EXPECT_EQ(NameOf(Call<api::DeletePolicyVersion>({.policy_arn = kMine, .version_id = "v3"})),
            "in use");
  ASSERT_TRUE(Call<api::DeletePolicyVersion>({.policy_arn = kMine, .version_id = "v5"}));
  ASSERT_TRUE(AddVersion());
  EXPECT_THAT(Versions(), ElementsAre("v6", "v4", "v3*", "v2", "v1"));
  for (const char* missing : {"v5", "v7", "v60"}) {
    EXPECT_EQ(
        NameOf(Call<api::SetDefaultPolicyVersion>({.policy_arn = kMine, .version_id = missing})),
        "not found")
        << missing;
  }
  ASSERT_TRUE(Call<api::SetDefaultPolicyVersion>({.policy_arn = kMine, .version_id = "v6"}));
  EXPECT_EQ(Call<api::GetPolicy>({.policy_arn = kMine})->policy->default_version_id, "v6");
  EXPECT_EQ(NameOf(Call<api::DeletePolicy>({.policy_arn = kMine})), "in use");

  const auto page = Call<api::ListPolicyVersions>({.policy_arn = kMine, .max_items = 2});
  ASSERT_EQ(page->versions->size(), 2U);
  const auto rest = Call<api::ListPolicyVersions>({.policy_arn = kMine, .marker = page->marker});
  ASSERT_EQ(rest->versions->size(), 3U);
  EXPECT_EQ(rest->versions->at(0).version_id, "v3");
}

TEST_F(ManagedPolicy, IsListedByNamePathAndScope) {
  Make("b", "/x/");
  Make("a", "/");
  Make("c", "/x/");

  EXPECT_THAT(Names({}), ElementsAre("a", "b", "c"));
  EXPECT_THAT(Names({.path_prefix = "/x/"}), ElementsAre("b", "c"));
  EXPECT_THAT(Names({.scope = "Local"}), ElementsAre("a", "b", "c"));
  EXPECT_THAT(Names({.scope = "AWS"}), IsEmpty());
  const auto page = Call<api::ListPolicies>({.max_items = 2});
  ASSERT_TRUE(page->marker);
  EXPECT_THAT(Names({.marker = page->marker}), ElementsAre("c"));
}

TEST_F(ManagedPolicy, HasTags) {
  Make();
  ASSERT_TRUE(Call<api::TagPolicy>({.policy_arn = kMine, .tags = {{.key = "k", .value = "v"}}}));
  EXPECT_THAT(Call<api::ListPolicyTags>({.policy_arn = kMine})->tags,
              ElementsAre(api::Tag{.key = "k", .value = "v"}));
  ASSERT_TRUE(Call<api::UntagPolicy>({.policy_arn = kMine, .tag_keys = {"k"}}));
  EXPECT_THAT(Call<api::ListPolicyTags>({.policy_arn = kMine})->tags, IsEmpty());
}

TEST_F(ManagedPolicy, IsRememberedWithItsRolesAfterARestart) {
  Make();
  MakeRole("r");
  ASSERT_TRUE(AddVersion(/*is_default=*/true));
  ASSERT_TRUE(Call<api::AttachRolePolicy>({.role_name = "r", .policy_arn = kMine}));
  const auto before = Call<api::GetPolicy>({.policy_arn = kMine});

  store_.reset();
  store_ = *storage::OpenSqliteStore(folder_);
  wire::Dispatcher again;
  Register(again, *store_, clock_);
  wire::CallContext context;

  const auto after = again.Call<api::GetPolicy>({.policy_arn = kMine}, context);
  ASSERT_TRUE(after);
  EXPECT_EQ(*after->policy, *before->policy);
  EXPECT_EQ(after->policy->attachment_count, 1);
}

// ---- users ----

TEST_F(Iam, TheRootIsTheOneUser) {
  const auto user = Call<api::GetUser>({});
  ASSERT_TRUE(user);
  EXPECT_EQ(user->user.arn, "arn:aws:iam::000000000000:root");
  EXPECT_EQ(NameOf(Call<api::GetUser>({.user_name = "bob"})), "not found");

  wire::CallContext function;
  function.caller.arn = "arn:aws:sts::000000000000:assumed-role/r/f";
  EXPECT_EQ(NameOf(dispatcher_.Call<api::GetUser>({}, function)), "ValidationError");
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
