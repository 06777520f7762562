//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "posix/local_name.hpp"

#include "posix/generated_path.hpp"
#include "posix/last_error.hpp"
#include "posix/local_socket.hpp"

#include <boost/asio/error.hpp>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace strait::detail::os {

namespace {

constexpr char lock_suffix[] = ".lock";

bool is_same_file(const struct stat& a, const struct stat& b) noexcept {
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// The lock of a path, taken. would_block: somebody has it.
handle take_lock(const std::string& path, int creating, error_code& ec) noexcept {
    for (;;) {
        const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | creating;
        handle file(::open(path.c_str(), flags, S_IRUSR | S_IWUSR));
        if (!file.is_open()) {
            if (errno == EINTR) continue;  // of file systems that are elsewhere
            ec = last_error();
            return {};
        }
        // A lock of the open file: another one in this process excludes it as well.
        if (::flock(file.native_handle(), LOCK_EX | LOCK_NB) != 0) {
            if (errno == EINTR) continue;
            ec = errno == EWOULDBLOCK ? error_code(boost::asio::error::would_block) : last_error();
            return {};
        }
        struct stat held {};
        struct stat named {};
        if (::fstat(file.native_handle(), &held) == 0 && ::lstat(path.c_str(), &named) == 0 &&
            is_same_file(held, named)) {
            ec = {};
            return file;
        }
    }
}

bool is_private_directory(const std::string& path) noexcept {
    struct stat s {};
    return ::lstat(path.c_str(), &s) == 0 && S_ISDIR(s.st_mode) && s.st_uid == ::geteuid() &&
           (s.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

// Removes the directory of a generated path whose owner is dead.
void remove_if_dead(const std::string& directory) noexcept {
    if (!is_private_directory(directory)) return;
    const std::string socket = directory + generated_socket;
    const std::string lock_path = socket + lock_suffix;
    error_code ec;
    const handle lock = take_lock(lock_path, 0, ec);
    if (lock.is_open()) {
        ::unlink(socket.c_str());
        ::unlink(lock_path.c_str());
    }
    // Without a lock file it goes only if it is empty; one that was made an instant ago is then
    // made again.
    ::rmdir(directory.c_str());
}

// What killed processes of this user left.
void sweep(const std::string& base) {
    std::error_code ec;
    for (std::filesystem::directory_iterator at(base, ec), end; !ec && at != end; at.increment(ec))
        if (is_generated_directory(at->path().filename().native()))
            remove_if_dead(at->path().native());
}

error_code make_private_directory(const std::string& path) {
    sweep(path.substr(0, path.rfind('/')));
    if (::mkdir(path.c_str(), S_IRWXU) == 0) return {};
    if (errno != EEXIST) return last_error();
    if (is_private_directory(path)) return {};
    return make_error_code(boost::system::errc::permission_denied);
}

}  // namespace

socket_address socket_address::of(const endpoint& e, error_code& ec) noexcept {
    socket_address a;
    ec = e.check();
    if (ec) return a;
    a.value.sun_family = AF_UNIX;
    const bool is_abstract = e.what() == endpoint::kind::abstract_name;
    const std::string& name = e.name();
    std::memcpy(a.value.sun_path + (is_abstract ? 1 : 0), name.data(), name.size());
    a.bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + 1);
    return a;
}

bool is_listened_at(const socket_address& address) noexcept {
    error_code ec;
    const handle probe = new_socket(ec);
    if (ec) return true;  // not known, and a live one must not be removed
    int r = 0;
    do {
        r = ::connect(probe.native_handle(), address.get(), address.bytes);
    } while (r != 0 && errno == EINTR);
    if (r == 0) return true;
    // Only a refusal says that nobody is there: a full backlog does not.
    return errno != ECONNREFUSED && errno != ENOENT;
}

owned_name::owned_name(owned_name&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      directory_(std::exchange(other.directory_, {})),
      lock_(std::move(other.lock_)),
      device_(other.device_),
      inode_(std::exchange(other.inode_, 0)) {}

owned_name owned_name::take(const endpoint& e, error_code& ec) {
    ec = e.check();
    owned_name name;
    if (ec || e.what() == endpoint::kind::abstract_name) return name;
    const std::string directory = generated_directory_of(e);
    // The current directory may be another when the name is given up.
    std::error_code no_directory;
    const std::string path = std::filesystem::absolute(e.name(), no_directory).native();
    if (no_directory) {
        ec = error_code(no_directory.value(), boost::system::system_category());
        return name;
    }
    // Several times because another process may take a directory that was just made for a dead one's.
    for (int attempt = 0; attempt != 16; ++attempt) {
        if (!directory.empty()) ec = make_private_directory(directory);
        if (ec) return name;
        name.lock_ = take_lock(path + lock_suffix, O_CREAT, ec);
        if (ec == boost::system::errc::no_such_file_or_directory && !directory.empty()) continue;
        break;
    }
    if (ec == boost::asio::error::would_block) ec = boost::asio::error::address_in_use;
    if (ec) return name;
    name.path_ = path;
    name.directory_ = directory;
    ec = name.remove_stale(e);
    return name;
}

error_code owned_name::remove_stale(const endpoint& e) const {
    struct stat found {};
    if (::lstat(path_.c_str(), &found) != 0)
        return errno == ENOENT ? error_code() : last_error();
    if (!S_ISSOCK(found.st_mode)) return boost::asio::error::address_in_use;
    // Its owner may be a program that knows nothing of the lock.
    error_code ec;
    const auto address = socket_address::of(e, ec);
    if (ec) return ec;
    if (is_listened_at(address)) return boost::asio::error::address_in_use;
    if (::unlink(path_.c_str()) != 0 && errno != ENOENT) return last_error();
    return {};
}

error_code owned_name::remember_socket() noexcept {
    struct stat s {};
    if (path_.empty()) return {};
    if (::lstat(path_.c_str(), &s) != 0) {
        const error_code ec = last_error();
        ::unlink(path_.c_str());  // later it could not be told from another's
        return ec;
    }
    device_ = s.st_dev;
    inode_ = s.st_ino;
    return {};
}

void owned_name::give_up() noexcept {
    if (!lock_.is_open()) return;
    struct stat s {};
    if (inode_ != 0 && ::lstat(path_.c_str(), &s) == 0 && s.st_dev == device_ && s.st_ino == inode_)
        ::unlink(path_.c_str());
    try {
        ::unlink((path_ + lock_suffix).c_str());
    } catch (...) {
        // An empty lock file stays, which the next owner takes.
    }
    lock_.close();
    if (!directory_.empty()) ::rmdir(directory_.c_str());
}

void owned_name::abandon() noexcept {
    lock_.close();
}

}  // namespace strait::detail::os
