// SPDX-License-Identifier: MPL-2.0
#include "store/pages.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace smsbridge::store {
namespace {

// The layout of mdb.c, for 64 bit.
constexpr std::uint64_t no_page = ~std::uint64_t{0};
constexpr std::uint32_t magic = 0xBEEFC0DE, data_version = 1;
constexpr std::size_t page_header = 16, node_header = 8, db_bytes = 48, depth_max = 32;
constexpr std::size_t page_bytes_min = 256, page_bytes_max = 0x8000;
constexpr std::uint16_t branch_page = 1, leaf_page = 2, overflow_page = 4, meta_page = 8, other_kinds = 0x60;
constexpr std::uint16_t big_node = 1, table_node = 2, duplicates_node = 4;
constexpr std::uint16_t integer_keys = 8;
// What the last transaction took and gave back at the end of the file is not written.
constexpr std::uint64_t unwritten_max_bytes = 64ull << 20;

struct Damage {
  std::string what;
};

template <class Integer>
Integer at(std::string_view bytes, std::size_t offset) {
  Integer value;
  std::memcpy(&value, bytes.data() + offset, sizeof(value));
  return value;
}

struct Tree {
  explicit Tree(std::string_view bytes)
      : flags(at<std::uint16_t>(bytes, 4)),
        depth(at<std::uint16_t>(bytes, 6)),
        branches(at<std::uint64_t>(bytes, 8)),
        leaves(at<std::uint64_t>(bytes, 16)),
        overflows(at<std::uint64_t>(bytes, 24)),
        entries(at<std::uint64_t>(bytes, 32)),
        root(at<std::uint64_t>(bytes, 40)) {}
  std::uint16_t flags, depth;
  std::uint64_t branches, leaves, overflows, entries, root;
  std::string name;
};

struct Node {
  std::uint64_t child = 0;  // of a branch
  std::uint16_t flags = 0;
  std::string_view key, data;  // of a leaf; a big node's data is the number of its first page
  std::uint32_t data_size = 0;
};

class File {
 public:
  explicit File(int file) : file_(file) {
    struct stat info {};
    if (::fstat(file_, &info) != 0) throw Damage{std::string("cannot be looked at: ") + std::strerror(errno)};
    size_ = static_cast<std::uint64_t>(info.st_size);
  }
  ~File() { ::close(file_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  void check(std::uint64_t leaves_max) {
    read_head();
    leaves_left_ = leaves_max;
    Tree main = trees_.back(), free = trees_.front();
    if (free.flags != integer_keys) throw Damage{"the head of the file is damaged"};
    free.name = "free pages";
    main.name = "tables";
    trees_.clear();
    walk(main, [this](const Node& node) { remember_table(node); });
    auto tables = std::exchange(trees_, {});
    // Everything that is needed at the start is in the small ones.
    std::ranges::sort(tables, {}, &Tree::leaves);
    for (const auto& table : tables) walk(table, [](const Node&) {});
    walk(free, [this](const Node& node) { check_free(node); });
  }

  // See overwrite_unused(). The file has to be writable.
  std::uint64_t overwrite() {
    overwrites_ = true;
    check(all_pages);
    const auto pages = size_ / page_bytes_;
    for (std::uint64_t number = 2; number < pages; ++number)
      if (number > last_page_ || !seen_[number] || is_free_[number]) clear(number * page_bytes_, page_bytes_);
    clear(pages * page_bytes_, size_ % page_bytes_);
    if (::fdatasync(file_) != 0) throw Damage{std::string("cannot be written: ") + std::strerror(errno)};
    return overwritten_;
  }

 private:
  struct Count {
    std::uint64_t branches = 0, leaves = 0, overflows = 0, entries = 0;
    bool complete = true;
  };

  void read(char* into, std::size_t count, std::uint64_t offset) const {
    for (std::size_t done = 0; done < count;) {
      const auto got = ::pread(file_, into + done, count - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw Damage{std::string("cannot be read: ") + std::strerror(errno)};
      if (got == 0) throw Damage{"is shorter than its contents"};
      done += static_cast<std::size_t>(got);
    }
  }

  // What is zero already is not written.
  void clear(std::uint64_t offset, std::size_t count) {
    static const std::vector<char> zeros(page_bytes_max, '\0');
    std::vector<char> bytes(count);
    read(bytes.data(), count, offset);
    const auto used = count - static_cast<std::size_t>(std::ranges::count(bytes, '\0'));
    if (used == 0) return;
    overwritten_ += used;
    for (std::size_t done = 0; done < count;) {
      const auto wrote =
          ::pwrite(file_, zeros.data(), std::min(count - done, zeros.size()), static_cast<off_t>(offset + done));
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote <= 0) throw Damage{std::string("cannot be written: ") + std::strerror(errno)};
      done += static_cast<std::size_t>(wrote);
    }
  }

  // The newer of the two heads counts; the other one is the state before.
  void read_head() {
    std::array<char, page_header + 136> head;
    const auto bytes = [&] { return std::string_view(head.data(), head.size()); };
    read(head.data(), head.size(), 0);
    if (at<std::uint32_t>(bytes(), 16) != magic || at<std::uint32_t>(bytes(), 20) != data_version)
      throw Damage{"is no LMDB file, or its head is damaged"};
    page_bytes_ = at<std::uint32_t>(bytes(), 40);
    if (page_bytes_ < page_bytes_min || page_bytes_ > page_bytes_max || (page_bytes_ & (page_bytes_ - 1)) != 0)
      throw Damage{"the head of the file is damaged: pages of " + std::to_string(page_bytes_) + " octets"};
    const auto first = head;
    const auto first_transaction = at<std::uint64_t>(bytes(), 144);
    read(head.data(), head.size(), page_bytes_);
    if (at<std::uint32_t>(bytes(), 16) != magic || at<std::uint32_t>(bytes(), 20) != data_version)
      throw Damage{"the second head of the file is damaged"};
    if (at<std::uint64_t>(bytes(), 144) < first_transaction) head = first;
    if (!(at<std::uint16_t>(bytes(), 10) & meta_page)) throw Damage{"the head of the file is damaged"};
    last_page_ = at<std::uint64_t>(bytes(), 136);
    if (last_page_ < 1 || last_page_ >= (size_ + unwritten_max_bytes) / page_bytes_)
      throw Damage{"is shorter than its contents: " + std::to_string(size_) + " octets of " +
                   std::to_string(last_page_ + 1) + " pages"};
    trees_ = {Tree(bytes().substr(40, db_bytes)), Tree(bytes().substr(88, db_bytes))};
    seen_.assign(last_page_ + 1, false);
    is_free_.assign(last_page_ + 1, false);
  }

  [[noreturn]] static void broken(std::uint64_t page, const Tree& tree, const std::string& what) {
    throw Damage{"page " + std::to_string(page) + " (" + tree.name + ") " + what};
  }

  void mark(std::uint64_t page, std::uint64_t count, const Tree& tree) {
    for (auto number = page; number - page < count; ++number) {
      if (number < 2 || number > last_page_) broken(number, tree, "does not exist");
      if (seen_[number]) broken(number, tree, "is used twice");
      seen_[number] = true;
    }
    if ((page + count) * page_bytes_ > size_) broken(page, tree, "is missing: the file is shorter than its contents");
  }

  template <class Visit>
  void walk(const Tree& tree, const Visit& visit) {
    if (tree.root == no_page) {
      if (tree.depth != 0 || tree.entries != 0) broken(tree.root, tree, "is missing");
      return;
    }
    if (tree.depth == 0 || tree.depth > depth_max) broken(tree.root, tree, "has a tree of an impossible depth");
    Count count;
    walk_page(tree, tree.root, 1, count, visit);
    const bool counted = count.branches == tree.branches && count.leaves == tree.leaves;
    const bool all = !count.complete || (count.overflows == tree.overflows && count.entries == tree.entries);
    if (!counted || !all) broken(tree.root, tree, "says other numbers of pages or entries than there are");
  }

  template <class Visit>
  void walk_page(const Tree& tree, std::uint64_t number, std::size_t depth, Count& count, const Visit& visit) {
    mark(number, 1, tree);
    const bool is_leaf = depth == tree.depth;
    ++(is_leaf ? count.leaves : count.branches);
    if (is_leaf && leaves_left_ == 0) return static_cast<void>(count.complete = false);
    if (is_leaf && leaves_left_ != all_pages) --leaves_left_;
    std::vector<char> bytes(page_bytes_);
    read(bytes.data(), bytes.size(), number * page_bytes_);
    const std::string_view page(bytes.data(), bytes.size());
    const auto flags = at<std::uint16_t>(page, 10), lower = at<std::uint16_t>(page, 12);
    const auto upper = at<std::uint16_t>(page, 14);
    if (at<std::uint64_t>(page, 0) != number || (flags & 0xF) != (is_leaf ? leaf_page : branch_page) ||
        (flags & other_kinds) || lower < page_header || lower % 2 || upper < lower || upper > page_bytes_)
      broken(number, tree, "has a damaged head");
    if (overwrites_) clear(number * page_bytes_ + lower, upper - std::size_t{lower});
    const std::size_t nodes = (lower - page_header) / 2;
    // LMDB may leave a branch with one entry in the tree of free pages.
    if (nodes < (is_leaf || tree.name == "free pages" ? 1 : 2)) broken(number, tree, "has too few entries");
    for (std::size_t i = 0; i < nodes; ++i) {
      const auto node = read_node(page, at<std::uint16_t>(page, page_header + 2 * i), upper, is_leaf);
      if (!node) broken(number, tree, "has a damaged entry");
      if (!is_leaf) {
        walk_page(tree, node->child, depth + 1, count, visit);
        continue;
      }
      ++count.entries;
      if (node->flags & big_node) count.overflows += check_big(tree, *node);
      if ((node->flags & duplicates_node) || (node->flags & table_node && tree.name != "tables"))
        broken(number, tree, "has an entry of a kind that is not used");
      visit(*node);
    }
  }

  std::optional<Node> read_node(std::string_view page, std::size_t offset, std::size_t upper, bool is_leaf) const {
    if (offset < upper || offset % 2 || offset + node_header > page.size()) return std::nullopt;
    const std::uint64_t low = at<std::uint16_t>(page, offset), high = at<std::uint16_t>(page, offset + 2);
    Node node{.flags = at<std::uint16_t>(page, offset + 4), .key = {}, .data = {}};
    const std::size_t key_size = at<std::uint16_t>(page, offset + 6);
    const auto data = offset + node_header + key_size;
    if (data > page.size()) return std::nullopt;
    node.key = page.substr(offset + node_header, key_size);
    if (!is_leaf) {
      node.child = low | high << 16 | std::uint64_t{node.flags} << 32;
      return node;
    }
    node.data_size = static_cast<std::uint32_t>(low | high << 16);
    const std::size_t here = node.flags & big_node ? sizeof(std::uint64_t) : node.data_size;
    if (node.flags > (big_node | table_node | duplicates_node) || here > page.size() - data) return std::nullopt;
    node.data = page.substr(data, here);
    return node;
  }

  std::uint64_t check_big(const Tree& tree, const Node& node) {
    const auto number = at<std::uint64_t>(node.data, 0);
    const std::uint64_t pages = (page_header - 1 + std::uint64_t{node.data_size}) / page_bytes_ + 1;
    if (pages > last_page_) broken(number, tree, "has a damaged length");
    mark(number, pages, tree);
    std::array<char, page_header> head;
    read(head.data(), head.size(), number * page_bytes_);
    const std::string_view bytes(head.data(), head.size());
    if (at<std::uint64_t>(bytes, 0) != number || !(at<std::uint16_t>(bytes, 10) & overflow_page) ||
        at<std::uint32_t>(bytes, 12) != pages)
      broken(number, tree, "has a damaged head");
    const auto used = page_header + std::uint64_t{node.data_size};
    if (overwrites_) clear(number * page_bytes_ + used, pages * page_bytes_ - used);
    return pages;
  }

  void remember_table(const Node& node) {
    if (!(node.flags & table_node) || node.data.size() != db_bytes) throw Damage{"the list of tables is damaged"};
    trees_.emplace_back(node.data).name = std::string(node.key);
    if (trees_.back().flags != 0) throw Damage{"the head of table " + trees_.back().name + " is damaged"};
  }

  // Transaction -> the pages it freed; a page in use among them would be written over.
  void check_free(const Node& node) {
    std::string long_list;
    auto list = node.data;
    if (node.flags & big_node) {
      long_list.resize(node.data_size);
      read(long_list.data(), long_list.size(), at<std::uint64_t>(node.data, 0) * page_bytes_ + page_header);
      list = long_list;
    }
    const auto count = list.size() >= 8 ? at<std::uint64_t>(list, 0) : 0;
    if (node.key.size() != 8 || list.size() % 8 || list.size() < 8 || count > list.size() / 8 - 1)
      throw Damage{"the list of free pages is damaged"};
    for (std::uint64_t i = 1; i <= count; ++i) {
      const auto page = at<std::uint64_t>(list, 8 * i);
      if (page < 2 || page > last_page_ || seen_[page]) throw Damage{"the list of free pages names a page in use"};
      seen_[page] = is_free_[page] = true;
    }
  }

  const int file_;
  std::uint64_t size_ = 0, page_bytes_ = 0, last_page_ = 0, leaves_left_ = 0;
  std::vector<Tree> trees_;
  std::vector<bool> seen_, is_free_;
  bool overwrites_ = false;
  std::uint64_t overwritten_ = 0;  // octets
};

}  // namespace

std::optional<std::string> find_damage(const std::filesystem::path& path, std::uint64_t leaves_max) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return std::nullopt;
  try {
    File file(descriptor);
    file.check(leaves_max);
    return std::nullopt;
  } catch (const Damage& damage) {
    return damage.what;
  }
}

std::uint64_t overwrite_unused(const std::filesystem::path& path) {
  const auto failed = [&](const std::string& why) { return std::runtime_error(path.string() + " " + why); };
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) throw failed(std::string("cannot be opened: ") + std::strerror(errno));
  try {
    File file(descriptor);
    return file.overwrite();
  } catch (const Damage& damage) {
    throw failed(damage.what);
  }
}

}  // namespace smsbridge::store
