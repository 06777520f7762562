//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "names/local_listener.hpp"

#include "link/link_receiver.hpp"
#include "posix/fork_guard.hpp"
#include "posix/stream.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/query.hpp>

#include <algorithm>
#include <utility>

namespace strait::detail {

namespace {

constexpr os::poller::stream_id listener_id = 0;

// Connections that one event may cost before others get their turn on the event loop.
constexpr int accepts_per_event = 64;

// How long to leave the queue of the system alone when there is no descriptor for its next
// connection: ten attempts a second cost nothing, and no client notices the wait.
constexpr std::chrono::milliseconds shortage_pause{100};

// The shorter one of the two; a negative time is for ever.
std::int64_t shortest(std::int64_t ns, std::chrono::nanoseconds other) noexcept {
    return ns < 0 ? other.count() : std::min<std::int64_t>(ns, other.count());
}

// Those that wait when the listener closes: as many as the queue of the system holds at most by
// default (net.core.somaxconn of Linux), so that new ones cannot keep it from closing.
constexpr int max_turned_away = 4096;

unsigned mode_of(access who) noexcept {
    switch (who) {
    case access::own_user: return 0600;
    case access::own_group: return 0660;
    case access::everybody: return 0666;
    }
    return 0600;
}

}  // namespace

std::shared_ptr<listener_core> open_listener(const type_identity& type, const endpoint& at,
    const listener_options& options, const asio::any_io_executor& executor, error_code& ec) {
    os::listening_socket socket = os::listening_socket::open(at, mode_of(options.who), ec);
    if (ec) return nullptr;
    auto made = std::make_shared<local_listener>(std::move(socket), at, type, options, executor);
    ec = made->prepare();
    if (ec) return nullptr;
    return made;
}

local_listener::local_listener(os::listening_socket socket, const endpoint& at,
    const type_identity& type, const listener_options& options,
    const asio::any_io_executor& executor)
    : at_(at),
      options_(options),
      generation_(os::process_generation()),
      socket_(std::move(socket)),
      executor_(executor) {
    identity_.fingerprint = type.fingerprint;
    identity_.type_name = type.name;
    identity_.bounds = options.bounds;
}

local_listener::~local_listener() {
    close();
}

error_code local_listener::prepare() {
    return poller_.add(socket_.socket(), listener_id);
}

bool local_listener::is_forked() const noexcept {
    return generation_ != os::process_generation();
}

error_code local_listener::usable() const noexcept {
    if (!socket_.is_open()) return error::not_open;
    return broken_;
}

void local_listener::bind(const asio::any_io_executor& executor) {
    cancel();
    const std::lock_guard lock(mutex_);
    poller_.detach();
    timer_.reset();
    executor_ = executor;
    is_registered_ = false;
    for (accepted_client& c : line_)
        if (c.channel) c.channel->bind(executor);
}

asio::any_io_executor local_listener::executor() const {
    const std::lock_guard lock(mutex_);
    return executor_;
}

bool local_listener::is_open() const noexcept {
    if (is_forked()) return socket_.is_open();
    const std::lock_guard lock(mutex_);
    return socket_.is_open();
}

void local_listener::cancel() noexcept {
    if (is_forked()) return;
    finished_list finished;
    {
        const std::lock_guard lock(mutex_);
        abort_waiting(finished, asio::error::operation_aborted);
    }
    finish(finished, completion::post);
}

void local_listener::close() noexcept {
    if (is_forked()) return close_in_fork();
    finished_list finished;
    std::deque<accepted_client> line;
    {
        const std::lock_guard lock(mutex_);
        if (!socket_.is_open()) return;
        abort_waiting(finished, asio::error::operation_aborted);
        for (const handshake& h : handshakes_) {
            poller_.remove(h.id);
            answer(h.stream, answer_code::closed);
        }
        handshakes_.clear();
        poller_.remove(listener_id);
        poller_.detach();
        line.swap(line_);
        // A clear word for those who would never be accepted.
        socket_.stop();
        for (int i = 0; i != max_turned_away; ++i) {
            error_code ec;
            const handle stream = socket_.accept(ec);
            if (ec) break;
            answer(stream, answer_code::closed);
        }
        socket_.close();
    }
    finish(finished, completion::post);
}

// The mutex may be held by a thread that does not exist here, and the name is the parent's.
void local_listener::close_in_fork() noexcept {
    poller_.abandon();
    static_cast<void>(timer_.release());
    handshakes_.clear();
    line_.clear();
    socket_.abandon();
}

void local_listener::start(accept_operation& op) {
    if (is_forked()) {
        op.result = error::owner_changed;
        return op.finish(completion::post);
    }
    finished_list finished;
    {
        const std::lock_guard lock(mutex_);
        op.result = usable();
        if (!op.result && !executor_) op.result = error::not_bound;
        if (op.result) {
            finished.push_back(&op);
        } else {
            op.where = accept_operation::state::waiting;
            waiting_.push_back(op);
            grant(finished);
            if (!is_working_) rest(finished);
        }
    }
    finish(finished, completion::post);
}

void local_listener::cancel(std::uint64_t id, const error_code& why) noexcept {
    if (is_forked()) return;
    finished_list finished;
    {
        const std::lock_guard lock(mutex_);
        if (accept_operation* op = waiting_.find(id)) {
            waiting_.erase(*op);
            op->result = why;
            op->where = accept_operation::state::over;
            finished.push_back(op);
            if (waiting_.empty() && !is_working_) disarm();
        } else if (accept_operation* granted = granted_.find(id)) {
            // It is on its way to its handler already; the client stays first in line.
            granted_.erase(*granted);
            granted->result = why;
            granted->where = accept_operation::state::over;
            grant(finished);
        }
    }
    finish(finished, completion::post);
}

void local_listener::take(accept_operation& op, accepted_client& out) {
    if (is_forked()) return;
    const std::lock_guard lock(mutex_);
    if (op.where != accept_operation::state::granted) return;  // cancelled, closed, failed
    std::ptrdiff_t ahead = 0;
    for (auto* o = granted_.front(); o != &op; o = queue::after(*o)) ++ahead;
    granted_.erase(op);
    op.where = accept_operation::state::over;
    out = std::move(line_[static_cast<std::size_t>(ahead)]);
    line_.erase(line_.begin() + ahead);
}

void local_listener::forget(accept_operation& op) noexcept {
    if (is_forked()) return;
    const std::lock_guard lock(mutex_);
    if (op.where == accept_operation::state::granted) granted_.erase(op);
    op.where = accept_operation::state::over;
}

void local_listener::abort_waiting(finished_list& finished, const error_code& why) {
    while (accept_operation* op = waiting_.pop_front()) {
        op->result = why;
        op->where = accept_operation::state::over;
        finished.push_back(op);
    }
    while (accept_operation* op = granted_.pop_front()) {
        op->result = why;
        op->where = accept_operation::state::over;
    }
    disarm();
}

void local_listener::finish(finished_list& finished, completion how) {
    for (accept_operation* op : finished) op->finish(how);
}

// The clients in line belong to the operations granted, in order; those behind to who comes next.
void local_listener::grant(finished_list& finished) {
    while (!waiting_.empty() && line_.size() > granted_.size()) {
        accept_operation* op = waiting_.pop_front();
        op->where = accept_operation::state::granted;
        granted_.push_back(*op);
        finished.push_back(op);
    }
}

// Sees to being called when there is something to do.
void local_listener::rest(finished_list& finished) {
    if (waiting_.empty()) return disarm();
    error_code ec = broken_;
    if (!ec) ec = arm();
    if (!ec) return;
    while (accept_operation* op = waiting_.pop_front()) {
        op->result = ec;
        op->where = accept_operation::state::over;
        finished.push_back(op);
    }
    disarm();
}

error_code local_listener::arm() {
    if (!is_registered_) {
        context_service::of(executor_).add(std::weak_ptr<context_client>(weak_from_this()));
        is_registered_ = true;
    }
    if (error_code ec =
            poller_.async_wait(executor_, {&local_listener::on_ready, shared_from_this()}))
        return ec;
    is_armed_ = true;
    const auto time = next_time();
    if (!time) {
        timer_.reset();
        return {};
    }
    if (!timer_) timer_ = std::make_unique<asio::steady_timer>(executor_);
    timer_->expires_at(*time);
    timer_->async_wait([weak = weak_from_this()](const error_code& ec) {
        const auto self = weak.lock();
        if (!ec && self) self->run_on_executor();
    });
    return {};
}

void local_listener::disarm() noexcept {
    if (std::exchange(is_armed_, false)) poller_.cancel();
    timer_.reset();
}

void local_listener::on_ready(const std::shared_ptr<void>& object) {
    auto& self = *static_cast<local_listener*>(object.get());
    {
        const std::lock_guard lock(self.mutex_);
        if (!std::exchange(self.is_armed_, false)) return;  // stopped in the meantime
        self.poller_.fired();
    }
    self.run_on_executor();
}

void local_listener::run_on_executor() {
    finished_list finished;
    {
        std::unique_lock lock(mutex_);
        if (is_working_ || waiting_.empty()) return;  // whoever works sees to the rest
        is_working_ = true;
        work(lock, 0);
        is_working_ = false;
        grant(finished);
        rest(finished);
    }
    // Alone it may be completed from here; several would have to survive each other's handlers.
    finish(finished, finished.size() == 1 ? completion::dispatch : completion::post);
    tell_faults();
}

void local_listener::on_shutdown(asio::execution_context& context) noexcept {
    finished_list destroyed;
    std::unique_ptr<asio::steady_timer> timer;
    {
        const std::lock_guard lock(mutex_);
        if (!executor_ || &asio::query(executor_, asio::execution::context) != &context) return;
        while (accept_operation* op = waiting_.pop_front()) {
            op->where = accept_operation::state::over;
            destroyed.push_back(op);
        }
        poller_.detach();
        timer.swap(timer_);
        is_armed_ = false;
        is_registered_ = false;
        executor_ = {};
    }
    finish(destroyed, completion::destroy);
}

error_code local_listener::accept(accepted_client& out, const deadline& until) {
    if (is_forked()) return error::owner_changed;
    const auto self = shared_from_this();  // the policy may destroy the listener
    finished_list finished;
    error_code ec;
    {
        std::unique_lock lock(mutex_);
        is_working_ = is_blocked_ = true;
        for (bool looked = false;; looked = true) {
            ec = usable();
            if (ec) break;
            if (line_.size() > granted_.size()) {
                const auto at = line_.begin() + static_cast<std::ptrdiff_t>(granted_.size());
                out = std::move(*at);
                line_.erase(at);
                break;
            }
            if (looked && until && clock::now() >= *until) {
                ec = asio::error::timed_out;
                break;
            }
            work(lock, looked ? longest_wait(until) : 0);
        }
        is_working_ = is_blocked_ = false;
        grant(finished);
        if (socket_.is_open()) rest(finished);
    }
    finish(finished, completion::post);
    tell_faults();
    return ec ? ec : out.wrong.code;
}

std::optional<local_listener::clock::time_point> local_listener::next_time() const noexcept {
    std::optional<clock::time_point> time = paused_until_;
    if (!handshakes_.empty() && (!time || handshakes_.front().until < *time))
        time = handshakes_.front().until;
    return time;
}

std::int64_t local_listener::longest_wait(const deadline& until) const noexcept {
    auto time = next_time();
    if (until && (!time || *until < *time)) time = until;
    if (!time) return -1;
    return std::max<std::int64_t>(0, std::chrono::nanoseconds(*time - clock::now()).count());
}

bool local_listener::is_wanted() const noexcept {
    return line_.size() < granted_.size() + waiting_.size() + (is_blocked_ ? 1 : 0);
}

void local_listener::work(std::unique_lock<std::mutex>& lock, std::int64_t timeout_ns) {
    if (timeout_ns != 0) lock.unlock();
    const error_code ec = poller_.wait(timeout_ns, ready_);
    // Where there is no memory to wait with, somebody who blocks would come back at once.
    if (timeout_ns != 0 && os::is_shortage(ec)) os::pause(shortest(timeout_ns, shortage_pause));
    if (timeout_ns != 0) lock.lock();
    if (!socket_.is_open() || ec == boost::system::errc::interrupted) return;
    if (os::is_shortage(ec)) return pause_accepting(ec);
    if (ec) {
        broken_ = ec;
        return;
    }
    // Before the late ones go: the word of a client may have come while nobody wanted one.
    read_handshakes();
    drop_late();
    if (paused_until_ && *paused_until_ <= clock::now()) resume_accepting();
    if (std::find(ready_.begin(), ready_.end(), listener_id) != ready_.end())
        accept_connections(lock);
}

void local_listener::read_handshakes() {
    for (auto at = handshakes_.begin(); at != handshakes_.end();) {
        const auto next = std::next(at);
        const bool is_ready = std::find(ready_.begin(), ready_.end(), at->id) != ready_.end();
        if (is_ready && is_wanted() && is_over(*at)) drop(at);
        at = next;
    }
}

void local_listener::accept_connections(std::unique_lock<std::mutex>& lock) {
    for (int i = 0; i != accepts_per_event && is_wanted() && !paused_until_; ++i) {
        error_code ec;
        handle stream = socket_.accept(ec);
        if (ec == asio::error::would_block) return;
        if (os::is_shortage(ec)) return pause_accepting(ec);
        if (ec) {
            broken_ = ec;
            return;
        }
        lock.unlock();
        peer who = os::peer_of(stream);
        const bool allowed = allows(who);
        if (!allowed) answer(stream, answer_code::not_allowed);
        lock.lock();
        if (!socket_.is_open()) return answer(stream, answer_code::closed);
        if (allowed)
            admit(std::move(stream), std::move(who));
        else
            add_fault(asio::error::access_denied, {}, who);
    }
}

// The connection stays in the queue of the system, which would report it again and again.
void local_listener::pause_accepting(const error_code& why) {
    poller_.remove(listener_id);
    paused_until_ = clock::now() + shortage_pause;
    if (fault_handler_) untold_.push_back({{why, {}}, {}});
}

void local_listener::resume_accepting() {
    paused_until_.reset();
    if (error_code ec = poller_.add(socket_.socket(), listener_id)) return pause_accepting(ec);
    ready_.push_back(listener_id);
}

void local_listener::admit(handle stream, peer who) {
    handshake& h = handshakes_.emplace_back();
    h.id = ++last_id_ == listener_id ? ++last_id_ : last_id_;
    h.stream = std::move(stream);
    h.who = std::move(who);
    h.until = clock::now() + options_.handshake_time;
    const auto at = std::prev(handshakes_.end());
    // As a rule its word came with it.
    if (is_over(h)) return drop(at);
    if (error_code ec = poller_.add(h.stream, h.id)) {
        drop(at);
        return pause_accepting(ec);
    }
    if (handshakes_.size() <= options_.max_handshakes) return;
    add_fault(asio::error::connection_aborted, {}, handshakes_.front().who);
    drop(handshakes_.begin());
}

// Reads what there is; whether the handshake came to an end, whichever.
bool local_listener::is_over(handshake& h) {
    try {
        for (;;) {
            std::vector<os::handle_batch> handles;
            const os::io_result io = os::recv_some(h.stream, h.reader.room(), handles, false);
            if (io.ec == asio::error::would_block) return false;
            if (io.ec || io.bytes == 0) {
                add_fault(asio::error::connection_aborted, {}, h.who);
                return true;
            }
            const auto state = handles.empty() ? h.reader.on_read(io.bytes)
                                               : greeting_reader::state::broken;
            if (state == greeting_reader::state::more) continue;
            if (state == greeting_reader::state::complete)
                settle(h);
            else
                add_fault(error::protocol_violation, {}, h.who);
            return true;
        }
    } catch (...) {
        add_fault(asio::error::no_memory, {}, h.who);
        return true;
    }
}

// The client has said what it speaks.
void local_listener::settle(handshake& h) {
    const greeting& theirs = h.reader.value();
    diagnostics details;
    error_code ec = compare(theirs, identity_, details);
    if (!ec && theirs.what != answer_code::none) ec = error::protocol_violation;
    if (ec) {
        if (ec == error::version_mismatch) answer(h.stream, answer_code::version_mismatch);
        if (ec == error::type_mismatch) answer(h.stream, answer_code::type_mismatch);
        return add_fault(ec, std::move(details), h.who);
    }
    channel_identity channel = identity_;
    channel.id[0] = os::random_u64();
    channel.id[1] = os::random_u64();
    const byte_buffer bytes = encode_greeting(answer_code::accepted, channel);
    const piece whole{bytes.data(), bytes.size()};
    if (os::send_some(h.stream, {&whole, 1}, {}).bytes != bytes.size())
        return add_fault(asio::error::connection_aborted, {}, h.who);
    poller_.remove(h.id);
    auto receiver = std::make_shared<link_receiver>(std::move(channel), executor_);
    if (error_code failed = receiver->add_first(std::move(h.stream)))
        return add_fault(failed, {}, h.who);
    line_.push_back({std::move(receiver), h.who, {}});
}

void local_listener::drop(place at) {
    poller_.remove(at->id);
    handshakes_.erase(at);
}

void local_listener::drop_late() {
    const auto now = clock::now();
    while (!handshakes_.empty() && handshakes_.front().until <= now) {
        add_fault(asio::error::timed_out, {}, handshakes_.front().who);
        drop(handshakes_.begin());
    }
}

void local_listener::add_fault(const error_code& code, diagnostics details, const peer& who) {
    ++faults_;
    if (fault_handler_) untold_.push_back({{code, details}, who});
    if (deliver_faults_.load() && code != asio::error::access_denied)
        line_.push_back({nullptr, who, {code, std::move(details)}});
}

void local_listener::on_fault(std::function<void(const fault&, const peer&)> handler) {
    const std::lock_guard lock(mutex_);
    fault_handler_ = std::move(handler);
}

void local_listener::tell_faults() {
    std::vector<untold_fault> untold;
    std::function<void(const fault&, const peer&)> handler;
    {
        const std::lock_guard lock(mutex_);
        if (untold_.empty()) return;
        untold.swap(untold_);
        handler = fault_handler_;
    }
    if (handler)
        for (const untold_fault& f : untold) handler(f.what, f.who);
}

bool local_listener::allows(const peer& who) const noexcept {
    const os::own_identity own = os::who_am_i();
    const bool is_path = at_.what() == endpoint::kind::path;
    const bool is_own = who.uid() == own.uid || who.uid() == 0;
    // The groups of a peer are more than one: of a path the system has checked them.
    const bool is_of_group = is_path || who.gid() == own.gid;
    if (options_.who == access::own_user && !is_own) return false;
    if (options_.who == access::own_group && !is_own && !is_of_group) return false;
    if (!options_.policy) return true;
    try {
        return options_.policy(who);
    } catch (...) {
        return false;
    }
}

void local_listener::answer(const handle& stream, answer_code what) const noexcept {
    try {
        const byte_buffer bytes = encode_greeting(what, identity_);
        const piece whole{bytes.data(), bytes.size()};
        os::send_some(stream, {&whole, 1}, {});
    } catch (...) {
        // Without memory there is no answer, and the client sees the end of the connection.
    }
}

}  // namespace strait::detail
