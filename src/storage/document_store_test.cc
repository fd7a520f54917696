#include "storage/document_store.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <set>
#include <thread>

namespace usher::storage {
namespace {

class DocumentStoreTest : public testing::Test {
 protected:
  DocumentStoreTest() {
    std::string name = testing::TempDir() + "document_store_XXXXXX";
    folder_ = mkdtemp(name.data());
    Reopen();
  }
  ~DocumentStoreTest() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Reopen() {
    store_.reset();
    auto opened = OpenSqliteStore(folder_);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }

  Result<void> Create(const std::string& kind, const std::string& id, const std::string& group = "",
                      const std::string& body = "{}") {
    Batch batch;
    batch.Create(kind, id, group, body);
    return store_->Commit(batch);
  }

  // The document, which must exist.
  Document Get(const std::string& kind, const std::string& id) {
    const auto found = store_->Get(kind, id);
    EXPECT_TRUE(found && *found) << kind << " " << id;
    return found && *found ? **found : Document{};
  }
  bool Exists(const std::string& kind, const std::string& id) {
    const auto found = store_->Get(kind, id);
    EXPECT_TRUE(found);
    return found->has_value();
  }

  std::vector<std::string> Ids(const Page& page) {
    std::vector<std::string> ids;
    for (const Document& document : page.documents) ids.push_back(document.id);
    return ids;
  }

  std::string folder_;
  std::unique_ptr<DocumentStore> store_;
};

TEST_F(DocumentStoreTest, GivesBackWhatWasCreated) {
  ASSERT_TRUE(Create("campaign", "a", "group", R"({"x":1})"));

  const Document document = Get("campaign", "a");
  EXPECT_EQ(document.kind, "campaign");
  EXPECT_EQ(document.id, "a");
  EXPECT_EQ(document.group, "group");
  EXPECT_EQ(document.body, R"({"x":1})");
  EXPECT_EQ(document.version, 1);
}

TEST_F(DocumentStoreTest, KeysAndBodiesAreOpaqueBytes) {
  const std::string bytes("\0\xff'%\n\0", 6);
  ASSERT_TRUE(Create("k", bytes, bytes, bytes));
  ASSERT_TRUE(Create("k", std::string("\0", 1)));
  ASSERT_TRUE(Create("k", ""));

  EXPECT_EQ(Get("k", bytes).body, bytes);
  EXPECT_EQ(Get("k", bytes).group, bytes);
  EXPECT_EQ(Get("k", "").group, "");
  EXPECT_EQ(store_->List("k", bytes, 0, 10)->documents.size(), 1U);
  EXPECT_EQ(store_->List("k", "", 0, 10)->documents.size(), 2U);
}

TEST_F(DocumentStoreTest, WhatIsMissingIsNullopt) {
  EXPECT_FALSE(Exists("campaign", "a"));
  ASSERT_TRUE(Create("campaign", "a"));
  EXPECT_FALSE(Exists("solution", "a"));
}

TEST_F(DocumentStoreTest, RefusesToCreateTwice) {
  ASSERT_TRUE(Create("campaign", "a", "", "first"));

  const auto again = Create("campaign", "a", "", "second");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(again.error().message, "campaign a");
  EXPECT_EQ(Get("campaign", "a").body, "first");
}

TEST_F(DocumentStoreTest, UpdateNeedsTheCurrentVersion) {
  ASSERT_TRUE(Create("campaign", "a", "g", "one"));
  Batch update;
  update.Update("campaign", "a", 1, "two");
  ASSERT_TRUE(store_->Commit(update));
  EXPECT_EQ(Get("campaign", "a").version, 2);
  EXPECT_EQ(Get("campaign", "a").group, "g");

  const auto stale = store_->Commit(update);
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().code, ErrorCode::kInUse);
  EXPECT_EQ(Get("campaign", "a").body, "two");

  Batch gone;
  gone.Update("campaign", "b", 1, "x");
  EXPECT_EQ(store_->Commit(gone).error().code, ErrorCode::kNotFound);
}

TEST_F(DocumentStoreTest, PutOverwritesAndKeepsTheOrderOfCreation) {
  Batch put;
  put.Put("k", "a", "g1", "one");
  put.Put("k", "b", "g1", "one");
  ASSERT_TRUE(store_->Commit(put));
  const std::int64_t sequence = Get("k", "a").sequence;

  Batch again;
  again.Put("k", "a", "g2", "two");
  ASSERT_TRUE(store_->Commit(again));
  EXPECT_EQ(Get("k", "a").body, "two");
  EXPECT_EQ(Get("k", "a").group, "g2");
  EXPECT_EQ(Get("k", "a").version, 2);
  EXPECT_EQ(Get("k", "a").sequence, sequence);
  EXPECT_EQ(Ids(*store_->List("k", std::nullopt, 0, 10)), (std::vector<std::string>{"a", "b"}));
}

TEST_F(DocumentStoreTest, DeleteChecksTheVersionOnlyWhenGiven) {
  ASSERT_TRUE(Create("k", "a"));
  Batch wrong;
  wrong.Delete("k", "a", 7);
  EXPECT_EQ(store_->Commit(wrong).error().code, ErrorCode::kInUse);
  EXPECT_TRUE(Exists("k", "a"));

  Batch plain;
  plain.Delete("k", "a");
  EXPECT_TRUE(store_->Commit(plain));
  EXPECT_FALSE(Exists("k", "a"));
  EXPECT_TRUE(store_->Commit(plain)) << "deleting what is not there is no error";
  wrong = {};
  wrong.Delete("k", "a", 1);
  EXPECT_EQ(store_->Commit(wrong).error().code, ErrorCode::kNotFound);
}

TEST_F(DocumentStoreTest, ABatchHappensWhollyOrNotAtAll) {
  ASSERT_TRUE(Create("k", "taken"));
  Batch batch;
  batch.Create("k", "new", "", "{}");
  batch.Delete("k", "taken");
  batch.Create("k", "new", "", "{}");  // fails: created two lines above

  EXPECT_EQ(store_->Commit(batch).error().code, ErrorCode::kAlreadyExists);
  EXPECT_FALSE(Exists("k", "new"));
  EXPECT_TRUE(Exists("k", "taken"));
}

TEST_F(DocumentStoreTest, ASequenceIsNeverUsedTwice) {
  ASSERT_TRUE(Create("k", "a"));
  ASSERT_TRUE(Create("k", "b"));
  const std::int64_t last = Get("k", "b").sequence;
  Batch remove;
  remove.Delete("k", "b");
  ASSERT_TRUE(store_->Commit(remove));
  Reopen();

  ASSERT_TRUE(Create("k", "b"));
  EXPECT_GT(Get("k", "b").sequence, last);
}

TEST_F(DocumentStoreTest, ListsByGroupInPagesOldestFirst) {
  for (int i = 0; i < 7; ++i) {
    ASSERT_TRUE(Create("k", "id" + std::to_string(i), i % 2 == 0 ? "even" : "odd"));
  }

  const auto first = store_->List("k", "even", 0, 3);
  ASSERT_TRUE(first);
  EXPECT_EQ(Ids(*first), (std::vector<std::string>{"id0", "id2", "id4"}));
  ASSERT_TRUE(first->next_after);
  const auto second = store_->List("k", "even", *first->next_after, 3);
  EXPECT_EQ(Ids(*second), (std::vector<std::string>{"id6"}));
  EXPECT_FALSE(second->next_after);

  // A page that ends exactly with the last document has no next page.
  EXPECT_FALSE(store_->List("k", "odd", 0, 3)->next_after);
  EXPECT_EQ(store_->List("k", std::nullopt, 0, 100)->documents.size(), 7U);
  EXPECT_TRUE(store_->List("other", std::nullopt, 0, 100)->documents.empty());
}

TEST_F(DocumentStoreTest, ListsByIdInTheOrderOfBytesWithinAPrefix) {
  const std::string nul("a\0b", 3);
  for (const std::string& id : {std::string("b"), std::string("a\xff"), nul, std::string("a"),
                                std::string("aa"), std::string("\xff\xff"), std::string("\xff")}) {
    ASSERT_TRUE(Create("k", id));
  }
  ASSERT_TRUE(Create("other", "ab"));
  const auto ids = [&](std::string_view prefix, std::string_view from, std::size_t limit) {
    std::vector<std::string> ids;
    const auto documents = store_->ListById("k", prefix, from, limit);
    EXPECT_TRUE(documents);
    for (const Document& document : *documents) ids.push_back(document.id);
    return ids;
  };

  using Ids = std::vector<std::string>;
  EXPECT_EQ(ids("", "", 100), (Ids{"a", nul, "aa", "a\xff", "b", "\xff", "\xff\xff"}));
  EXPECT_EQ(ids("a", "", 100), (Ids{"a", nul, "aa", "a\xff"}));
  EXPECT_EQ(ids("a", "aa", 100), (Ids{"aa", "a\xff"}));
  EXPECT_EQ(ids("a", "aab", 1), (Ids{"a\xff"}));
  EXPECT_EQ(ids("\xff", "", 100), (Ids{"\xff", "\xff\xff"}));
  EXPECT_EQ(ids("a", "b", 100), Ids{});
}

TEST_F(DocumentStoreTest, ARequiredDocumentMustExist) {
  ASSERT_TRUE(Create("bucket", "b"));
  Batch there;
  there.Require("bucket", "b");
  there.Create("object", "b/1", "", "{}");
  Batch missing;
  missing.Create("object", "c/1", "", "{}");
  missing.Require("bucket", "c");

  EXPECT_TRUE(store_->Commit(there));
  const auto refused = store_->Commit(missing);

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(Exists("object", "c/1"));
  EXPECT_EQ(Get("bucket", "b").version, 1);
}

TEST_F(DocumentStoreTest, RequireNoneFailsWhenAnIdHasThePrefix) {
  ASSERT_TRUE(Create("bucket", "b"));
  ASSERT_TRUE(Create("object", "b/1"));
  Batch removal;
  removal.RequireNone("object", "b/");
  removal.Delete("bucket", "b");

  const auto refused = store_->Commit(removal);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInUse);
  EXPECT_TRUE(Exists("bucket", "b"));

  Batch emptying;
  emptying.Delete("object", "b/1");
  ASSERT_TRUE(store_->Commit(emptying));
  ASSERT_TRUE(Create("object", "b0"));  // the first id beyond the prefix
  EXPECT_TRUE(store_->Commit(removal));
  EXPECT_FALSE(Exists("bucket", "b"));
}

TEST_F(DocumentStoreTest, RequireEmptyFailsWhenADocumentIsInTheGroup) {
  ASSERT_TRUE(Create("group", "g"));
  ASSERT_TRUE(Create("dataset", "d", "g"));
  ASSERT_TRUE(Create("dataset", "elsewhere", "g2"));
  ASSERT_TRUE(Create("solution", "another kind", "g"));
  Batch removal;
  removal.RequireEmpty("dataset", "g");
  removal.Delete("group", "g");

  const auto refused = store_->Commit(removal);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInUse);
  EXPECT_EQ(refused.error().message, "dataset d exists under g");
  EXPECT_TRUE(Exists("group", "g"));

  Batch emptying;
  emptying.Delete("dataset", "d");
  ASSERT_TRUE(store_->Commit(emptying));
  EXPECT_TRUE(store_->Commit(removal));
  EXPECT_FALSE(Exists("group", "g"));
}

TEST_F(DocumentStoreTest, KeepsEverythingWhenReopened) {
  ASSERT_TRUE(Create("k", "a", "g", "body"));
  Reopen();
  EXPECT_EQ(Get("k", "a").body, "body");
}

TEST_F(DocumentStoreTest, RefusesADocumentThatIsTooLarge) {
  const auto large = Create("k", "a", "", std::string(9U << 20, 'x'));
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, ErrorCode::kInvalidInput);
}

TEST_F(DocumentStoreTest, RefusesANewerFormat) {
  store_.reset();
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open((folder_ + "/usher.db").c_str(), &database), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(database, "PRAGMA user_version = 99", nullptr, nullptr, nullptr), 0);
  sqlite3_close(database);

  const auto opened = OpenSqliteStore(folder_);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("document format 99"), std::string::npos)
      << opened.error().message;
  EXPECT_NE(opened.error().message.find("newer Usher"), std::string::npos);
}

TEST_F(DocumentStoreTest, RefusesAFileThatIsNoDatabase) {
  store_.reset();
  std::filesystem::remove(folder_ + "/usher.db");
  FILE* file = fopen((folder_ + "/usher.db").c_str(), "w");
  fputs(std::string(10'000, 'x').c_str(), file);
  fclose(file);

  const auto opened = OpenSqliteStore(folder_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kInternal);
}

// Of many threads that all want to write version 2, one wins; a refused batch harms no other batch
// of its group commit.
TEST_F(DocumentStoreTest, ConcurrentBatchesFailAlone) {
  ASSERT_TRUE(Create("k", "contested"));
  constexpr int kThreads = 8;
  constexpr int kEach = 50;
  std::atomic<int> wins = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const std::string id = std::to_string(t) + "-" + std::to_string(i);
        EXPECT_TRUE(Create("own", id));
        EXPECT_TRUE(Exists("own", id)) << "committed means readable";
        Batch batch;
        batch.Create("loser", id, "", "{}");
        batch.Update("k", "contested", 1, id);
        if (store_->Commit(batch)) ++wins;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(wins, 1);
  EXPECT_EQ(Get("k", "contested").version, 2);
  EXPECT_EQ(store_->List("own", std::nullopt, 0, 1000)->documents.size(),
            std::size_t{kThreads * kEach});
  EXPECT_EQ(store_->List("loser", std::nullopt, 0, 1000)->documents.size(), 1U);
}

// Commits from several threads until killed, and writes each id to `acknowledged` once committed.
[[noreturn]] void CommitUntilKilled(const std::string& folder, int acknowledged) {
  auto store = OpenSqliteStore(folder);
  if (!store) _exit(1);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0;; ++i) {
        const std::string id = std::to_string(t) + "-" + std::to_string(i) + "\n";
        Batch batch;
        batch.Create("k", id, "", "body of " + id);
        batch.Create("twin", id, "", "body of " + id);
        if (!(*store)->Commit(batch)) _exit(2);
        if (write(acknowledged, id.data(), id.size()) != static_cast<ssize_t>(id.size())) _exit(3);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  _exit(0);
}

TEST_F(DocumentStoreTest, NothingAcknowledgedIsLostWhenTheProcessIsKilled) {
  store_.reset();
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    close(ends[0]);
    CommitUntilKilled(folder_, ends[1]);
  }
  close(ends[1]);

  std::string text;
  char buffer[4096];
  bool killed = false;
  for (ssize_t size; (size = read(ends[0], buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(size));
    if (!killed && text.size() > 2000) {
      kill(child, SIGKILL);
      killed = true;  // what the pipe still holds was acknowledged too
    }
  }
  close(ends[0]);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << "exit status " << WEXITSTATUS(status);

  Reopen();
  std::set<std::string> acknowledged;
  for (std::size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
    acknowledged.insert(text.substr(at, end - at + 1));
  }
  ASSERT_GT(acknowledged.size(), 100U);
  for (const std::string& id : acknowledged) EXPECT_EQ(Get("k", id).body, "body of " + id);
  // And no batch is there by half.
  const auto all = store_->List("k", std::nullopt, 0, 10'000);
  for (const Document& document : all->documents) EXPECT_TRUE(Exists("twin", document.id));
  EXPECT_EQ(store_->List("twin", std::nullopt, 0, 10'000)->documents.size(), all->documents.size());
}

// The disk refuses to take more (a file size limit stands for it). In the child: exit code 0 when
// the store refused everything from the first failure on, although the limit was lifted again.
[[noreturn]] void CommitOnAFailingDisk(const std::string& folder) {
  auto store = OpenSqliteStore(folder);
  if (!store) _exit(1);
  signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = 300'000;
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(2);

  int committed = 0;
  while (true) {
    Batch batch;
    batch.Create("k", std::to_string(committed), "", std::string(20'000, 'x'));
    if (!(*store)->Commit(batch)) break;
    if (++committed > 1000) _exit(3);
  }
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_FSIZE, &limit);
  Batch after;
  after.Create("k", "after", "", "");
  const auto refused = (*store)->Commit(after);
  if (refused || refused.error().message.find("restart") == std::string::npos) _exit(4);
  if (committed == 0) _exit(5);
  _exit(0);
}

TEST_F(DocumentStoreTest, AFailedWriteIsFinalUntilARestart) {
  store_.reset();
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) CommitOnAFailingDisk(folder_);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);

  Reopen();
  EXPECT_TRUE(Exists("k", "0"));
  EXPECT_FALSE(Exists("k", "after"));
  EXPECT_TRUE(Create("k", "later"));
}

}  // namespace
}  // namespace usher::storage
