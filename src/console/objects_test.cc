#include "console/objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "base/byte_source.h"
#include "wire/s3.h"

namespace usher::console {
namespace {

namespace s3 = usher::api::s3;

using testing::HasSubstr;

// One bucket "b" behind the dispatcher, which keeps what it is asked for.
class ObjectsTest : public testing::Test {
 protected:
  ObjectsTest() {
    dispatcher_.Handle<s3::HeadObject>(
        [this](const s3::HeadObject::Request& request,
               wire::CallContext& /*context*/) -> Result<s3::HeadObject::Response> {
          const auto found = objects_.find(request.key);
          if (request.bucket != "b" || found == objects_.end()) return NotFound("no such key");
          return s3::HeadObject::Response{
              .content_length = static_cast<std::int64_t>(found->second.size()), .e_tag = "\"1\""};
        });
    dispatcher_.Handle<s3::GetObject>(
        [this](const s3::GetObject::Request& request,
               wire::CallContext& /*context*/) -> Result<s3::GetObject::Response> {
          const auto found = objects_.find(request.key);
          if (request.bucket != "b" || found == objects_.end()) return NotFound("no such key");
          range_ = request.range.value_or("");
          s3::GetObject::Response response;
          response.content_type = "text/html";
          response.body = std::make_shared<StringSource>(
              range_.empty() ? found->second : found->second.substr(0, kMaxPreviewBytes));
          return response;
        });
  }

  Result<Value> Preview(const std::string& key) {
    ValueMap request;
    request.Append("bucket", "b");
    request.Append("key", key);
    return PreviewObject(Value(std::move(request)), dispatcher_, context_);
  }
  // The text of a preview; "none" when there is none.
  std::string TextOf(const std::string& object) {
    objects_["k"] = object;
    const auto answer = Preview("k");
    EXPECT_TRUE(answer);
    const Value* text = answer->Find("text");
    return text ? *text->as_string() : "none";
  }
  Result<wire::HttpResponse> Download(const std::string& query) {
    return DownloadObject(query, dispatcher_, context_);
  }

  wire::Dispatcher dispatcher_;
  wire::CallContext context_;
  std::map<std::string, std::string> objects_;
  std::string range_;
};

using PreviewObjectTest = ObjectsTest;
using DownloadObjectTest = ObjectsTest;

TEST_F(PreviewObjectTest, GivesTextAsItIs) {
  EXPECT_EQ(TextOf("<script>alert(1)</script>\r\n\té"), "<script>alert(1)</script>\r\n\té");
  EXPECT_EQ(TextOf(""), "");
  EXPECT_TRUE(*Preview("k")->Find("whole")->as_bool());
}

TEST_F(PreviewObjectTest, GivesNoTextOfOtherBytes) {
  EXPECT_EQ(TextOf(std::string("a\0b", 3)), "none");
  EXPECT_EQ(TextOf("\x89PNG\r\n"), "none");
  EXPECT_EQ(TextOf("caf\xe9"), "none");
  EXPECT_EQ(TextOf("\x1b[2J"), "none");
}

TEST_F(PreviewObjectTest, ReadsTheBeginningAlone) {
  objects_["k"] = std::string(kMaxPreviewBytes, 'x') + "y";
  const auto answer = Preview("k");
  ASSERT_TRUE(answer);
  EXPECT_EQ(range_, "bytes=0-65535");
  EXPECT_EQ(*answer->Find("text")->as_string(), std::string(kMaxPreviewBytes, 'x'));
  EXPECT_EQ(*answer->Find("size")->as_int(), static_cast<std::int64_t>(kMaxPreviewBytes) + 1);
  EXPECT_FALSE(*answer->Find("whole")->as_bool());
}

// Whichever byte of a character of two, three or four bytes is the last one.
TEST_F(PreviewObjectTest, LeavesOutACharacterThatItsEndCuts) {
  for (const std::string character : {"é", "€", "😀"}) {
    for (std::size_t inside = 1; inside < character.size(); ++inside) {
      const std::string before(kMaxPreviewBytes - inside, 'x');
      EXPECT_EQ(TextOf(before + character), before) << character << inside;
    }
    const std::string whole = std::string(kMaxPreviewBytes - character.size(), 'x') + character;
    EXPECT_EQ(TextOf(whole), whole);
  }
}

TEST_F(PreviewObjectTest, SaysWhatIsMissing) {
  EXPECT_EQ(PreviewObject(Value(ValueMap()), dispatcher_, context_).error().code,
            ErrorCode::kInvalidInput);
  EXPECT_EQ(Preview("none").error().code, ErrorCode::kNotFound);
}

// Whatever the object says that it is.
TEST_F(DownloadObjectTest, IsAFileAndNeverAPage) {
  objects_["folder/page.html"] = "<script>alert(1)</script>";
  const auto answer = Download("bucket=b&key=folder%2Fpage.html");
  ASSERT_TRUE(answer);
  EXPECT_EQ(*answer->headers.Find("Content-Type"), "application/octet-stream");
  EXPECT_EQ(*answer->headers.Find("Content-Disposition"), "attachment; filename*=UTF-8''page.html");
  EXPECT_EQ(*answer->headers.Find("Content-Security-Policy"), "sandbox; default-src 'none'");
  EXPECT_EQ(*ReadAll(*answer->stream, 100), "<script>alert(1)</script>");
}

TEST_F(DownloadObjectTest, NamesTheFileWithoutLettingTheKeyOut) {
  const auto named = [this](const std::string& key, const std::string& encoded) {
    objects_[key] = "x";
    return *Download("bucket=b&key=" + encoded)->headers.Find("Content-Disposition");
  };
  EXPECT_EQ(named("a\r\nSet-Cookie: x\"", "a%0D%0ASet-Cookie:+x%22"),
            "attachment; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x%22");
  EXPECT_EQ(named("é;x", "%C3%A9;x"), "attachment; filename*=UTF-8''%C3%A9%3Bx");
  EXPECT_EQ(named("folder/", "folder/"), "attachment; filename*=UTF-8''object");
}

TEST_F(DownloadObjectTest, RefusesOtherQueries) {
  for (const char* query : {"", "bucket=b", "key=k", "bucket=&key=", "bucket=b&key=%zz", "&&&"}) {
    EXPECT_EQ(Download(query).error().code, ErrorCode::kInvalidInput) << query;
  }
  EXPECT_EQ(Download("bucket=b&key=none").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace usher::console
