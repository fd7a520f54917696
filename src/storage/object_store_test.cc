#include "storage/object_store.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/check.h"
#include "base/random.h"
#include "storage/data_files.h"

namespace usher::storage {
namespace {

constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 50;

// Gives `bytes` and then an error.
class FailingSource final : public ByteSource {
 public:
  explicit FailingSource(std::string bytes) : inner_(std::move(bytes)) {}
  Result<std::size_t> Read(std::span<char> buffer) override {
    auto got = inner_.Read(buffer);
    if (got && *got == 0) return Named("IncompleteBody", ErrorCode::kInvalidInput, "cut off", 400);
    return got;
  }

 private:
  StringSource inner_;
};

struct Opened {
  std::unique_ptr<DocumentStore> documents;
  std::unique_ptr<ObjectStore> objects;
};

Opened OpenStore(const std::string& folder, const Clock& clock) {
  Opened opened;
  auto documents = OpenSqliteStore(folder);
  Check(documents.has_value(), "document store opens");
  opened.documents = std::move(*documents);
  auto objects = ObjectStore::Open(folder + "/objects", *opened.documents, clock);
  Check(objects.has_value(), "object store opens");
  opened.objects = std::move(*objects);
  return opened;
}

class ObjectStoreTest : public testing::Test {
 protected:
  ObjectStoreTest() {
    std::string name = testing::TempDir() + "object_store_XXXXXX";
    folder_ = mkdtemp(name.data());
    Reopen();
    Check(store().CreateBucket("b", "us-east-1").has_value(), "bucket is made");
  }
  ~ObjectStoreTest() override {
    opened_ = {};
    std::filesystem::remove_all(folder_);
  }

  ObjectStore& store() { return *opened_.objects; }
  void Reopen() {
    opened_ = {};
    opened_ = OpenStore(folder_, clock_);
  }

  StagedFile Stage(const std::string& key, std::string bytes) {
    StringSource source(std::move(bytes));
    auto staged = store().Stage(source, "b", key, kNoLimit);
    Check(staged.has_value(), "staging works");
    return std::move(*staged);
  }
  Result<ObjectInfo> Put(const std::string& key, std::string bytes,
                         const Condition& condition = nullptr) {
    return store().PutObject("b", key, Stage(key, std::move(bytes)), {}, condition);
  }
  std::string Get(const std::string& key) {
    const auto open = store().OpenForRead("b", key);
    if (!open) return "<" + open.error().wire_name + ">";
    return ReadOpen(*open);
  }
  static std::string ReadOpen(const OpenObject& open) {
    const auto stream = open.Read(0, open.info().size);
    if (!stream) return "<" + stream.error().message + ">";
    const auto bytes = ReadAll(**stream, 1U << 30);
    return bytes ? *bytes : "<" + bytes.error().message + ">";
  }
  std::vector<std::string> Names(const ListQuery& query) {
    const auto listing = store().ListObjects("b", query);
    EXPECT_TRUE(listing);
    std::vector<std::string> names;
    for (const auto& entry : listing->entries) {
      names.push_back(entry.object ? entry.name : entry.name + " *");
    }
    return names;
  }
  // Names of all data files, those being written included.
  std::vector<std::filesystem::path> DataFilePaths() const {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ + "/objects")) {
      if (entry.is_regular_file() && entry.path().filename() != "in-use") {
        paths.push_back(entry.path());
      }
    }
    return paths;
  }
  std::vector<UploadPart> Parts(const Upload& upload) {
    auto parts = store().ListParts(upload, 0, 1000);
    EXPECT_TRUE(parts);
    return std::move(*parts);
  }

  std::string folder_;
  FixedClock clock_{FromEpochMillis(1'700'000'000'123)};
  Opened opened_;
};

TEST_F(ObjectStoreTest, GivesBackBytesAndWhatWasSaidAboutThem) {
  ObjectAttributes attributes{.system = {{"content-type", "text/plain"}},
                              .metadata = {{"who", "Zoë"}},
                              .tags = {{"a", "1"}},
                              .checksum_algorithm = "CRC32",
                              .checksum = "AAAAAA==",
                              .checksum_type = "FULL_OBJECT"};

  const auto put = store().PutObject("b", "k", Stage("k", "hello"), attributes);

  ASSERT_TRUE(put);
  const auto found = store().FindObject("b", "k");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->etag, "5d41402abc4b2a76b9719d911017c592");  // MD5 of "hello" (RFC 1321 tools)
  EXPECT_EQ(found->size, 5U);
  EXPECT_EQ(found->modified, clock_.Now());
  EXPECT_EQ(found->attributes, attributes);
  EXPECT_EQ(Get("k"), "hello");
}

TEST_F(ObjectStoreTest, KeysAreOpaqueBytesThatNeverBecomePaths) {
  const std::vector<std::string> keys = {
      "../../etc/passwd",     "/",    "//",    "a//b", "a/./b", "a/../b", "\xff\xfe",
      std::string(1024, 'x'), "ключ", "new/x", "."};
  for (const std::string& key : keys) ASSERT_TRUE(Put(key, "bytes of " + key)) << key;

  for (const std::string& key : keys) EXPECT_EQ(Get(key), "bytes of " + key);
  for (const auto& path : DataFilePaths()) {
    EXPECT_EQ(path.parent_path().parent_path().string(), folder_ + "/objects");
    EXPECT_EQ(path.filename().string().find_first_not_of("0123456789abcdef-"), std::string::npos);
  }
}

TEST_F(ObjectStoreTest, MissingThingsHaveTheirNames) {
  EXPECT_EQ(store().FindObject("b", "k").error().wire_name, "NoSuchKey");
  EXPECT_EQ(store().FindObject("other", "k").error().wire_name, "NoSuchBucket");
  EXPECT_EQ(store().PutObject("other", "k", Stage("k", "x"), {}).error().wire_name, "NoSuchBucket");
  EXPECT_EQ(store().FindUpload("b", "k", "abc").error().wire_name, "NoSuchUpload");
  EXPECT_TRUE(DataFilePaths().empty());
}

TEST_F(ObjectStoreTest, OverwritingRemovesTheOldBytes) {
  ASSERT_TRUE(Put("k", "old"));
  ASSERT_TRUE(Put("k", "new"));

  EXPECT_EQ(Get("k"), "new");
  EXPECT_EQ(DataFilePaths().size(), 1U);
}

TEST_F(ObjectStoreTest, AReaderKeepsTheBytesThatItOpened) {
  ASSERT_TRUE(Put("k", "old"));
  {
    const auto open = store().OpenForRead("b", "k");
    ASSERT_TRUE(open);
    ASSERT_TRUE(Put("k", "new"));
    ASSERT_TRUE(store().DeleteObject("b", "k"));

    EXPECT_EQ(ReadOpen(*open), "old");
    EXPECT_EQ(Get("k"), "<NoSuchKey>");
  }
  EXPECT_TRUE(DataFilePaths().empty());
}

TEST_F(ObjectStoreTest, ASourceThatFailsLeavesNothing) {
  ASSERT_TRUE(Put("k", "old"));
  FailingSource source(std::string(1 << 20, 'x'));

  const auto staged = store().Stage(source, "b", "k", kNoLimit);

  ASSERT_FALSE(staged);
  EXPECT_EQ(staged.error().wire_name, "IncompleteBody");
  EXPECT_EQ(Get("k"), "old");
  EXPECT_EQ(DataFilePaths().size(), 1U);
}

TEST_F(ObjectStoreTest, RefusesMoreThanTheLimit) {
  StringSource exact("12345");
  StringSource more("123456");
  EXPECT_TRUE(store().Stage(exact, "b", "k", 5));
  const auto refused = store().Stage(more, "b", "k", 5);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kLimitExceeded);
}

TEST_F(ObjectStoreTest, AConditionStopsTheSwitch) {
  const Condition only_new = [](const ObjectInfo* current) -> Result<void> {
    if (current) return Named("PreconditionFailed", ErrorCode::kInvalidInput, "exists", 412);
    return {};
  };
  ASSERT_TRUE(Put("k", "first", only_new));

  const auto second = Put("k", "second", only_new);

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().wire_name, "PreconditionFailed");
  EXPECT_EQ(Get("k"), "first");
  EXPECT_EQ(DataFilePaths().size(), 1U);
}

TEST_F(ObjectStoreTest, OfManyWritersWithOneConditionOneWins) {
  std::atomic<int> won = 0;
  std::vector<std::thread> writers;
  for (int i = 0; i < 8; ++i) {
    writers.emplace_back([&, i] {
      const auto put = Put("k", std::to_string(i), [](const ObjectInfo* current) -> Result<void> {
        if (current) return Named("PreconditionFailed", ErrorCode::kInvalidInput, "exists", 412);
        return {};
      });
      won += put.has_value() ? 1 : 0;
    });
  }
  for (std::thread& writer : writers) writer.join();

  EXPECT_EQ(won, 1);
  EXPECT_EQ(DataFilePaths().size(), 1U);
}

TEST_F(ObjectStoreTest, ConcurrentOverwritesLeaveOneWholeObject) {
  std::vector<std::thread> writers;
  for (int i = 0; i < 6; ++i) {
    writers.emplace_back([&, i] {
      for (int j = 0; j < 10; ++j) {
        EXPECT_TRUE(Put("k", std::string(1000, static_cast<char>('a' + i))));
        const std::string got = Get("k");
        EXPECT_EQ(got, std::string(1000, got[0]));
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(DataFilePaths().size(), 1U);
}

// A put that is acknowledged must be in a bucket that exists, whoever deletes it meanwhile.
TEST_F(ObjectStoreTest, ABucketIsNeverDeletedWithAnAcknowledgedObjectInIt) {
  for (int round = 0; round < 10; ++round) {
    const std::string bucket = "race-" + std::to_string(round);
    ASSERT_TRUE(store().CreateBucket(bucket, "us-east-1"));
    Result<ObjectInfo> put = Internal("not run");
    Result<void> deleted = Internal("not run");
    StagedFile staged = Stage("k", "bytes");
    std::thread writer(
        [&] { put = store().PutObject(bucket, "k", std::move(staged), ObjectAttributes{}); });
    std::thread remover([&] { deleted = store().DeleteBucket(bucket); });
    writer.join();
    remover.join();

    ASSERT_NE(put.has_value(), deleted.has_value());
    if (put) {
      EXPECT_EQ(deleted.error().wire_name, "BucketNotEmpty");
      EXPECT_TRUE(store().FindObject(bucket, "k"));
    } else {
      EXPECT_EQ(put.error().wire_name, "NoSuchBucket");
    }
  }
}

TEST_F(ObjectStoreTest, ReadersOfAnObjectOfPartsNeverSeeAMixture) {
  const auto store_parts = [&](char letter) {
    const auto upload = store().CreateUpload("b", "k", {});
    ASSERT_TRUE(upload);
    for (int number = 1; number <= 3; ++number) {
      ASSERT_TRUE(
          store().PutPart("b", "k", *upload, number, Stage("k", std::string(500, letter)), ""));
    }
    ASSERT_TRUE(store().CompleteUpload("b", *upload, Parts(*upload), "e-3", {}));
  };
  store_parts('a');
  std::atomic<bool> done = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!done) {
        const std::string got = Get("k");
        EXPECT_EQ(got, std::string(1500, got[0]));
      }
    });
  }
  for (const char letter : std::string("bcdefgh")) store_parts(letter);
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(DataFilePaths().size(), 3U);
}

TEST_F(ObjectStoreTest, PartsThatComeWhileAnUploadIsAbortedLeaveNothing) {
  for (int round = 0; round < 10; ++round) {
    const auto upload = store().CreateUpload("b", "k", {});
    ASSERT_TRUE(upload);
    std::vector<std::thread> writers;
    for (int number = 1; number <= 3; ++number) {
      writers.emplace_back([&, number] {
        const auto part = store().PutPart("b", "k", *upload, number, Stage("k", "part"), "");
        if (!part) {
          EXPECT_EQ(part.error().wire_name, "NoSuchUpload");
        }
      });
    }
    EXPECT_TRUE(store().AbortUpload("b", *upload));
    for (std::thread& writer : writers) writer.join();
    EXPECT_TRUE(Parts(*upload).empty());
    EXPECT_TRUE(DataFilePaths().empty());
  }
}

TEST_F(ObjectStoreTest, DeletedObjectsAreGoneAndDeletingAgainSaysSo) {
  ASSERT_TRUE(Put("k", "x"));
  const auto first = store().DeleteObject("b", "k");
  const auto second = store().DeleteObject("b", "k");
  EXPECT_TRUE(first && *first);
  EXPECT_TRUE(second && !*second);
  EXPECT_TRUE(DataFilePaths().empty());
}

TEST_F(ObjectStoreTest, DeletesManyAtOnceEachNamedTwiceOnlyOnce) {
  for (const char* key : {"1", "2", "3"}) ASSERT_TRUE(Put(key, key));

  const auto deleted = store().DeleteObjects("b", {"1", "missing", "3", "1"});

  ASSERT_TRUE(deleted);
  EXPECT_EQ(*deleted, (std::vector<bool>{true, false, true, false}));
  EXPECT_EQ(Names({}), std::vector<std::string>{"2"});
  EXPECT_EQ(DataFilePaths().size(), 1U);
}

TEST_F(ObjectStoreTest, ListsInTheOrderOfBytes) {
  for (const char* key : {"b", "a/2", "a", "a/1", "ä", "B", "a!"}) ASSERT_TRUE(Put(key, "x"));
  ASSERT_TRUE(store().CreateBucket("b0", "us-east-1"));
  ASSERT_TRUE(store().PutObject("b0", "other", Stage("other", "x"), {}));

  using Keys = std::vector<std::string>;
  EXPECT_EQ(Names({}), (Keys{"B", "a", "a!", "a/1", "a/2", "b", "ä"}));
  EXPECT_EQ(Names({.prefix = "a"}), (Keys{"a", "a!", "a/1", "a/2"}));
  EXPECT_EQ(Names({.from = "a/2"}), (Keys{"a/2", "b", "ä"}));
  EXPECT_EQ(Names({.prefix = "z"}), Keys{});
}

TEST_F(ObjectStoreTest, RollsKeysUpToTheDelimiter) {
  for (const char* key : {"p/a", "p/b/1", "p/b/2", "p/c", "p//d", "p/", "q/x"}) {
    ASSERT_TRUE(Put(key, "x"));
  }
  using Keys = std::vector<std::string>;
  EXPECT_EQ(Names({.delimiter = "/"}), (Keys{"p/ *", "q/ *"}));
  EXPECT_EQ(Names({.prefix = "p/", .delimiter = "/"}),
            (Keys{"p/", "p// *", "p/a", "p/b/ *", "p/c"}));
  EXPECT_EQ(Names({.prefix = "p", .delimiter = "b/"}),
            (Keys{"p/", "p//d", "p/a", "p/b/ *", "p/c"}));
}

// Every page size must give the same entries, whatever falls on the border.
TEST_F(ObjectStoreTest, PagesOfAnySizeJoinToTheWholeListing) {
  for (const char* key : {"a", "b/1", "b/2", "b/3", "c", "d/1", "d/2", "e"}) {
    ASSERT_TRUE(Put(key, "x"));
  }
  for (const char* delimiter : {"", "/"}) {
    const std::vector<std::string> all = Names({.delimiter = delimiter});
    for (std::size_t limit = 1; limit <= all.size() + 1; ++limit) {
      std::vector<std::string> joined;
      std::optional<std::string> from = "";
      while (from) {
        const auto page =
            store().ListObjects("b", {.delimiter = delimiter, .from = *from, .limit = limit});
        ASSERT_TRUE(page);
        ASSERT_LE(page->entries.size(), limit);
        for (const auto& entry : page->entries) {
          joined.push_back(entry.object ? entry.name : entry.name + " *");
        }
        from = page->next_from;
      }
      EXPECT_EQ(joined, all) << "limit " << limit;
    }
  }
}

TEST_F(ObjectStoreTest, ABucketIsDeletedOnlyWhenEmpty) {
  ASSERT_TRUE(Put("k", "x"));
  EXPECT_EQ(store().DeleteBucket("b").error().wire_name, "BucketNotEmpty");
  EXPECT_EQ(store().CreateBucket("b", "us-east-1").error().code, ErrorCode::kAlreadyExists);

  ASSERT_TRUE(store().DeleteObject("b", "k"));
  const auto upload = store().CreateUpload("b", "k", {});
  ASSERT_TRUE(upload);
  ASSERT_TRUE(store().PutPart("b", "k", *upload, 1, Stage("k", "part"), ""));
  EXPECT_TRUE(store().DeleteBucket("b"));

  EXPECT_EQ(store().FindBucket("b").error().wire_name, "NoSuchBucket");
  EXPECT_EQ(store().DeleteBucket("b").error().wire_name, "NoSuchBucket");
  EXPECT_TRUE(DataFilePaths().empty());
}

TEST_F(ObjectStoreTest, AnUploadBecomesOneObjectOfItsPartsInOrder) {
  const auto upload = store().CreateUpload("b", "k", {.metadata = {{"m", "1"}}});
  ASSERT_TRUE(upload);
  ASSERT_TRUE(store().PutPart("b", "k", *upload, 2, Stage("k", "world"), "c2"));
  ASSERT_TRUE(store().PutPart("b", "k", *upload, 1, Stage("k", "wrong"), "c0"));
  ASSERT_TRUE(store().PutPart("b", "k", *upload, 1, Stage("k", "hello "), "c1"));
  ASSERT_TRUE(store().PutPart("b", "k", *upload, 7, Stage("k", "left over"), ""));
  std::vector<UploadPart> parts = Parts(*upload);
  ASSERT_EQ(parts.size(), 3U);
  parts.pop_back();

  const auto object = store().CompleteUpload("b", *upload, parts, "abc-2", upload->attributes);

  ASSERT_TRUE(object) << object.error().message;
  EXPECT_EQ(Get("k"), "hello world");
  const auto open = store().OpenForRead("b", "k");
  ASSERT_TRUE(open);
  EXPECT_EQ(open->info().etag, "abc-2");
  EXPECT_EQ(open->info().part_count, 2U);
  EXPECT_EQ(open->info().upload_id, upload->id);
  EXPECT_EQ(open->info().attributes.metadata.at("m"), "1");
  EXPECT_EQ(open->segments()[1].checksum, "c2");
  EXPECT_EQ(DataFilePaths().size(), 2U);
  EXPECT_EQ(store().FindUpload("b", "k", upload->id).error().wire_name, "NoSuchUpload");
}

TEST_F(ObjectStoreTest, RangesCrossTheBordersOfParts) {
  const auto upload = store().CreateUpload("b", "k", {});
  ASSERT_TRUE(upload);
  const std::string whole = "0123456789ABCDEFGHIJ";
  ASSERT_TRUE(store().PutPart("b", "k", *upload, 1, Stage("k", whole.substr(0, 7)), ""));
  ASSERT_TRUE(store().PutPart("b", "k", *upload, 2, Stage("k", whole.substr(7, 1)), ""));
  ASSERT_TRUE(store().PutPart("b", "k", *upload, 3, Stage("k", whole.substr(8)), ""));
  ASSERT_TRUE(store().CompleteUpload("b", *upload, Parts(*upload), "e-3", {}));
  const auto open = store().OpenForRead("b", "k");
  ASSERT_TRUE(open);

  for (std::size_t offset = 0; offset <= whole.size(); ++offset) {
    for (std::size_t size = 0; offset + size <= whole.size(); ++size) {
      const auto stream = open->Read(offset, size);
      ASSERT_TRUE(stream);
      const auto bytes = ReadAll(**stream, 100);
      ASSERT_TRUE(bytes);
      EXPECT_EQ(*bytes, whole.substr(offset, size));
    }
  }
}

TEST_F(ObjectStoreTest, AnObjectOfPartsIsReplacedAndDeletedWhole) {
  for (int round = 0; round < 2; ++round) {
    const auto upload = store().CreateUpload("b", "k", {});
    ASSERT_TRUE(upload);
    for (int number = 1; number <= 3; ++number) {
      ASSERT_TRUE(store().PutPart("b", "k", *upload, number, Stage("k", "p"), ""));
    }
    ASSERT_TRUE(store().CompleteUpload("b", *upload, Parts(*upload), "e-3", {}));
    EXPECT_EQ(DataFilePaths().size(), 3U);
  }
  const auto open = store().OpenForRead("b", "k");
  ASSERT_TRUE(open);
  ASSERT_TRUE(Put("k", "one piece"));
  EXPECT_EQ(ReadOpen(*open), "ppp");
  ASSERT_TRUE(store().DeleteObject("b", "k"));
  EXPECT_EQ(Names({}), std::vector<std::string>{});
}

TEST_F(ObjectStoreTest, CompletingFailsWhenAPartWasReplacedMeanwhile) {
  const auto upload = store().CreateUpload("b", "k", {});
  ASSERT_TRUE(upload);
  ASSERT_TRUE(store().PutPart("b", "k", *upload, 1, Stage("k", "one"), ""));
  const std::vector<UploadPart> listed = Parts(*upload);
  ASSERT_TRUE(store().PutPart("b", "k", *upload, 1, Stage("k", "two"), ""));

  const auto refused = store().CompleteUpload("b", *upload, listed, "e-1", {});

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInUse);
  EXPECT_EQ(Get("k"), "<NoSuchKey>");
  EXPECT_TRUE(store().CompleteUpload("b", *upload, Parts(*upload), "e-1", {}));
  EXPECT_EQ(Get("k"), "two");
}

TEST_F(ObjectStoreTest, AnAbortedUploadLeavesNothing) {
  const auto upload = store().CreateUpload("b", "k", {});
  ASSERT_TRUE(upload);
  ASSERT_TRUE(store().PutPart("b", "k", *upload, 1, Stage("k", "one"), ""));

  ASSERT_TRUE(store().AbortUpload("b", *upload));

  EXPECT_TRUE(DataFilePaths().empty());
  EXPECT_EQ(store().PutPart("b", "k", *upload, 2, Stage("k", "x"), "").error().wire_name,
            "NoSuchUpload");
  EXPECT_TRUE(DataFilePaths().empty());
  EXPECT_EQ(store().AbortUpload("b", *upload).error().wire_name, "NoSuchUpload");
}

TEST_F(ObjectStoreTest, ListsUploadsByKeyAfterAMarker) {
  std::vector<std::string> ids;
  for (const char* key : {"a", "a", "a/1", "b"}) {
    const auto upload = store().CreateUpload("b", key, {});
    ASSERT_TRUE(upload);
    ids.push_back(upload->id);
  }
  const auto keys = [&](std::string_view prefix, std::string_view key, std::string_view id) {
    std::string joined;
    const auto uploads = store().ListUploads("b", prefix, key, id, 100);
    EXPECT_TRUE(uploads);
    for (const Upload& upload : *uploads) joined += upload.key + " ";
    return joined;
  };
  EXPECT_EQ(keys("", "", ""), "a a a/1 b ");
  EXPECT_EQ(keys("a", "", ""), "a a a/1 ");
  EXPECT_EQ(keys("", "a", ""), "a/1 b ");
  EXPECT_EQ(keys("", "a", std::min(ids[0], ids[1])), "a a/1 b ");
}

TEST_F(ObjectStoreTest, ACopySharesNoFateWithItsSource) {
  ASSERT_TRUE(Put("source", "bytes"));
  {
    const auto open = store().OpenForRead("b", "source");
    ASSERT_TRUE(open);
    auto staged = store().StageCopy(*open, "b", "copy");
    ASSERT_TRUE(staged);
    ASSERT_TRUE(store().PutObject("b", "copy", std::move(*staged), {}));
  }
  ASSERT_TRUE(store().DeleteObject("b", "source"));

  EXPECT_EQ(Get("copy"), "bytes");
  const auto copy = store().FindObject("b", "copy");
  ASSERT_TRUE(copy);
  EXPECT_EQ(copy->etag, "4b3a6218bb3e3a7303e8a171a60fcf92");  // printf bytes | md5sum
}

TEST_F(ObjectStoreTest, ReadingDamagedBytesEndsInAnError) {
  ASSERT_TRUE(Put("k", "precious"));
  const auto paths = DataFilePaths();
  ASSERT_EQ(paths.size(), 1U);
  {
    std::fstream file(paths[0], std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(3);
    file.put('X');
  }
  EXPECT_EQ(Get("k"), "<stored object data does not match its SHA-256>");

  std::filesystem::resize_file(paths[0], 2);
  EXPECT_EQ(Get("k"), "<stored object data is shorter than recorded>");
}

TEST_F(ObjectStoreTest, NeverFollowsASymbolicLink) {
  ASSERT_TRUE(Put("k", "precious"));
  const auto paths = DataFilePaths();
  std::ofstream(folder_ + "/secret") << "precious";
  std::filesystem::remove(paths[0]);
  std::filesystem::create_symlink(folder_ + "/secret", paths[0]);

  EXPECT_NE(Get("k"), "precious");
}

TEST_F(ObjectStoreTest, KeepsEverythingWhenReopened) {
  ASSERT_TRUE(Put("k", "bytes"));
  ASSERT_TRUE(store().ChangeBucket("b", [](Bucket& bucket) { bucket.settings["policy"] = "{}"; }));
  const auto upload = store().CreateUpload("b", "u", {});
  ASSERT_TRUE(upload);
  ASSERT_TRUE(store().PutPart("b", "u", *upload, 1, Stage("u", "part"), ""));

  Reopen();

  EXPECT_EQ(Get("k"), "bytes");
  EXPECT_EQ(store().FindBucket("b")->settings.at("policy"), "{}");
  ASSERT_TRUE(store().CompleteUpload("b", *upload, Parts(*upload), "e-1", {}));
  EXPECT_EQ(Get("u"), "part");
}

// A process that dies between publishing a file and committing its document, and one that dies
// while it writes.
TEST_F(ObjectStoreTest, TheStartAfterACrashRemovesWhatNobodyKnows) {
  ASSERT_TRUE(Put("k", "kept"));
  const auto upload = store().CreateUpload("b", "u", {});
  ASSERT_TRUE(upload);
  for (int number = 1; number <= 2; ++number) {
    ASSERT_TRUE(store().PutPart("b", "u", *upload, number, Stage("u", "kept"), ""));
  }
  ASSERT_TRUE(store().CompleteUpload("b", *upload, Parts(*upload), "e-2", {}));
  const auto unfinished = store().CreateUpload("b", "v", {});
  ASSERT_TRUE(unfinished);
  ASSERT_TRUE(store().PutPart("b", "v", *unfinished, 1, Stage("v", "kept"), ""));
  opened_ = {};
  {
    auto files = DataFiles::Open(folder_ + "/objects");
    ASSERT_TRUE(files);
    StringSource source("published");
    auto staged = (*files)->Stage(source, "x", kNoLimit);
    ASSERT_TRUE(staged);
    ASSERT_TRUE((*files)->Publish(std::move(*staged)));
    (*files)->MayLeaveUnknown();
  }
  std::ofstream(folder_ + "/objects/new/0123456789abcdef-0123456789abcdef") << "half";
  EXPECT_EQ(DataFilePaths().size(), 6U);

  opened_ = OpenStore(folder_, clock_);

  EXPECT_EQ(DataFilePaths().size(), 4U);
  EXPECT_EQ(Get("k"), "kept");
  EXPECT_EQ(Get("u"), "keptkept");
}

// Writes objects from several threads and tells of each acknowledged one, until killed.
[[noreturn]] void WriteUntilKilled(const std::string& folder, int acknowledge) {
  const SystemClock clock;
  const Opened opened = OpenStore(folder, clock);
  std::vector<std::thread> writers;
  for (int thread = 0; thread < 4; ++thread) {
    writers.emplace_back([&, thread] {
      for (int i = 0;; ++i) {
        // Some keys are new, some overwrite; the content tells the key and the write.
        const std::string key = std::to_string(thread) + "/" + std::to_string(i % 50);
        const std::string content = key + ":" + std::to_string(i) + ":" + std::string(20'000, 'x');
        StringSource source(content);
        auto staged = opened.objects->Stage(source, "b", key, kNoLimit);
        if (!staged) _exit(2);
        if (!opened.objects->PutObject("b", key, std::move(*staged), {})) _exit(3);
        const std::string line = std::to_string(thread) + " " + std::to_string(i) + "\n";
        if (write(acknowledge, line.data(), line.size()) < 0) _exit(4);
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  _exit(5);
}

TEST_F(ObjectStoreTest, NothingAcknowledgedIsLostWhenTheProcessIsKilled) {
  opened_ = {};
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    close(pipe_ends[0]);
    WriteUntilKilled(folder_, pipe_ends[1]);
  }
  close(pipe_ends[1]);

  int last_acknowledged[4] = {-1, -1, -1, -1};
  FILE* lines = fdopen(pipe_ends[0], "r");
  int thread = 0;
  int write_number = 0;
  for (int count = 0; fscanf(lines, "%d %d", &thread, &write_number) == 2; ++count) {
    last_acknowledged[thread] = write_number;
    if (count == 400) kill(child, SIGKILL);
  }
  fclose(lines);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << WEXITSTATUS(status);

  opened_ = OpenStore(folder_, clock_);

  std::size_t objects = 0;
  for (thread = 0; thread < 4; ++thread) {
    ASSERT_GE(last_acknowledged[thread], 0);
    for (int slot = 0; slot < 50; ++slot) {
      const std::string key = std::to_string(thread) + "/" + std::to_string(slot);
      const std::string content = Get(key);
      // The last write of this slot that was acknowledged; the one after it may or may not be
      // there.
      const int last = last_acknowledged[thread];
      const int expected =
          slot <= last % 50 ? last - last % 50 + slot : last - last % 50 - 50 + slot;
      if (expected < 0 && content == "<NoSuchKey>") continue;
      ++objects;
      const int found = std::stoi(content.substr(key.size() + 1));
      EXPECT_TRUE(found == expected || (found == expected + 50 && found == last + 1))
          << key << ": expected write " << expected << ", found " << found;
      EXPECT_EQ(content, key + ":" + std::to_string(found) + ":" + std::string(20'000, 'x'));
    }
  }
  EXPECT_EQ(DataFilePaths().size(), objects);
}

}  // namespace
}  // namespace usher::storage
