//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "link/link_receiver.hpp"

#include "posix/fork_guard.hpp"
#include "wire/frame.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>

#include <algorithm>
#include <utility>

namespace strait::detail {

using clock = std::chrono::steady_clock;

namespace {

// Reads that one event may cost before others get their turn on the event loop: 4 MiB.
constexpr int reads_per_event = 64;

}  // namespace

link_receiver::link_receiver(channel_identity identity, const asio::any_io_executor& executor)
    : identity_(std::move(identity)),
      generation_(os::process_generation()),
      box_(identity_.bounds),
      executor_(executor) {}

link_receiver::~link_receiver() {
    close();
}

std::shared_ptr<link_receiver> link_receiver::make(
    channel_identity identity, cargo load, const asio::any_io_executor& executor) {
    auto made = std::make_shared<link_receiver>(std::move(identity), executor);
    const std::lock_guard lock(made->mutex_);
    if (error_code ec = made->restore(std::move(load), true)) throw system_error(ec);
    return made;
}

error_code link_receiver::add_first(handle stream) {
    const std::lock_guard lock(mutex_);
    const inbox::link_id id = box_.add(std::move(stream), inbox::no_link);
    return poller_.add(box_.find(id)->stream, id);
}

bool link_receiver::adopt_here(
    handle& stream, lease_source::target_id target, std::uint32_t lease) {
    const std::lock_guard lock(mutex_);
    if (is_forked() || phase_ != phase::open || is_blocked_ || set_ != nullptr) return false;
    if (box_.link_count() >= identity_.bounds.max_links) return false;
    const inbox::link_id id = box_.add(std::move(stream), inbox::no_link);
    inbox::link& l = *box_.find(id);
    l.lease = lease;
    l.lease_target = target;
    error_code ec = poller_.add(l.stream, id);
    // The poller may watch something else now: those who wait must wait for that.
    if (!ec && std::exchange(is_armed_, false)) ec = arm();
    if (!ec) return true;
    poller_.remove(id);
    stream = std::move(l.stream);
    box_.drop(id, ec);
    static_cast<void>(box_.take_faults());
    static_cast<void>(box_.take_gone());
    return false;
}

std::uint32_t link_receiver::take_up(lease_source::target_id target) {
    const std::lock_guard lock(mutex_);
    if (phase_ != phase::open) return 0;
    inbox::link* l = box_.find_parked(target);
    if (l == nullptr) return 0;
    box_.unpark(*l);
    return l->lease;
}

void link_receiver::give_back(lease_source::target_id target, std::uint32_t lease) noexcept {
    const std::lock_guard lock(mutex_);
    if (inbox::link* l = box_.find_lease(target, lease)) box_.park(*l);
}

bool link_receiver::is_forked() const noexcept {
    return generation_ != os::process_generation();
}

error_code link_receiver::usable() const noexcept {
    if (is_forked()) return error::owner_changed;
    if (phase_ != phase::open) return error::not_open;
    return {};
}

void link_receiver::bind(const asio::any_io_executor& executor) {
    cancel();
    const std::lock_guard lock(mutex_);
    poller_.detach();
    executor_ = executor;
    is_registered_ = false;
}

asio::any_io_executor link_receiver::executor() const {
    const std::lock_guard lock(mutex_);
    return executor_;
}

bool link_receiver::is_open() const noexcept {
    if (is_forked()) return phase_ == phase::open;
    const std::lock_guard lock(mutex_);
    return phase_ == phase::open;
}

void link_receiver::cancel() noexcept {
    if (is_forked()) return;
    finished_list finished;
    {
        const std::lock_guard lock(mutex_);
        abort_all(finished, asio::error::operation_aborted);
    }
    finish(finished, completion::post);
}

void link_receiver::close() noexcept {
    if (is_forked()) {
        // The mutex may be held by a thread that does not exist here, and epoll descriptors are
        // shared with the parent: nothing but closing descriptors.
        poller_.abandon();
        box_.take_links();
        line_.clear();
        phase_ = phase::closed;
        return;
    }
    finished_list finished;
    std::vector<inbox::moving_link> links;
    std::deque<incoming_message> line;
    {
        const std::lock_guard lock(mutex_);
        if (phase_ == phase::closed) return;
        phase_ = phase::closed;
        abort_all(finished, asio::error::operation_aborted);
        links = box_.take_links();
        for (const auto& l : links) poller_.remove(l.what->id);
        poller_.detach();
        line.swap(line_);
    }
    finish(finished, completion::post);
}

void link_receiver::start(recv_operation& op) {
    finished_list finished;
    if (is_forked()) {
        op.where = recv_operation::state::over;
        op.result = error::owner_changed;
        return op.finish(completion::post);
    }
    {
        const std::lock_guard lock(mutex_);
        op.result = usable();
        if (!op.result && !executor_) op.result = error::not_bound;
        if (op.result) {
            op.where = recv_operation::state::over;
            finished.push_back(&op);
        } else {
            op.where = recv_operation::state::waiting;
            waiting_.push_back(op);
            pump(finished);
        }
    }
    finish(finished, completion::post);
    tell_faults_later();
}

void link_receiver::cancel(std::uint64_t id, const error_code& why) noexcept {
    if (is_forked()) return;
    finished_list finished;
    {
        const std::lock_guard lock(mutex_);
        if (recv_operation* op = waiting_.find(id)) {
            waiting_.erase(*op);
            op->result = why;
            op->where = recv_operation::state::over;
            finished.push_back(op);
            if (waiting_.empty()) disarm();
        } else if (recv_operation* granted = granted_.find(id)) {
            // It is on its way to its handler already; the message stays first in line.
            granted_.erase(*granted);
            granted->result = why;
            granted->where = recv_operation::state::over;
            pump(finished);
        } else {
            missed_id_ = id;
            missed_why_ = why;
        }
    }
    finish(finished, completion::post);
}

bool link_receiver::take(recv_operation& op, incoming_message& out) {
    finished_list finished;
    bool taken = true;
    {
        const std::lock_guard lock(mutex_);
        if (op.where != recv_operation::state::granted) return true;  // cancelled, closed, ended
        std::size_t place = 0;
        for (auto* o = granted_.front(); o != &op; o = granted_.after(*o)) ++place;
        granted_.erase(op);
        if (place < line_.size()) {
            const auto at = line_.begin() + static_cast<std::ptrdiff_t>(place);
            out = std::move(*at);
            line_.erase(at);
            op.where = recv_operation::state::over;
            op.cancels = cancels_;
        } else {
            // A blocking receive was faster.
            taken = false;
            op.where = recv_operation::state::waiting;
            waiting_.push_front(op);
            pump(finished);
        }
    }
    finish(finished, completion::post);
    return taken;
}

void link_receiver::restart(recv_operation& op) {
    finished_list finished;
    {
        const std::lock_guard lock(mutex_);
        // It was in no queue meanwhile.
        op.result = usable();
        if (op.cancels != cancels_) op.result = asio::error::operation_aborted;
        if (op.id == missed_id_) op.result = missed_why_;
        if (op.result) {
            op.where = recv_operation::state::over;
            finished.push_back(&op);
        } else {
            op.where = recv_operation::state::waiting;
            waiting_.push_front(op);
            pump(finished);
        }
    }
    finish(finished, completion::post);
    tell_faults();
}

void link_receiver::forget(recv_operation& op) noexcept {
    if (is_forked()) return;
    finished_list finished;
    {
        const std::lock_guard lock(mutex_);
        if (op.where == recv_operation::state::granted) granted_.erase(op);
        if (op.where == recv_operation::state::waiting) waiting_.erase(op);
        op.where = recv_operation::state::over;
        // Its message is for the next.
        if (!waiting_.empty()) pump(finished);
    }
    finish(finished, completion::post);
}

// Grants messages to those who wait, and sees to being called when there are more.
void link_receiver::pump(finished_list& finished) {
    int budget = reads_per_event;
    while (!waiting_.empty()) {
        if (line_.size() <= granted_.size()) {
            const outcome o = fetch(budget);
            if (o == outcome::ended) {
                while (recv_operation* op = waiting_.pop_front()) {
                    op->result = asio::error::eof;
                    op->where = recv_operation::state::over;
                    finished.push_back(op);
                }
                break;
            }
            if (o != outcome::message) break;
        }
        recv_operation* op = waiting_.pop_front();
        op->where = recv_operation::state::granted;
        granted_.push_back(*op);
        finished.push_back(op);
    }
    if (waiting_.empty()) return disarm();
    if (error_code ec = arm()) {
        while (recv_operation* op = waiting_.pop_front()) {
            op->result = ec;
            op->where = recv_operation::state::over;
            finished.push_back(op);
        }
    }
}

error_code link_receiver::arm() {
    // Also when it is armed: the poller may watch something else since.
    if (is_blocked_) return {};
    if (!is_registered_) {
        context_service::of(executor_).add(std::weak_ptr<context_client>(weak_from_this()));
        is_registered_ = true;
    }
    if (error_code ec =
            poller_.async_wait(executor_, {&link_receiver::on_ready, shared_from_this()}))
        return ec;
    is_armed_ = true;
    return {};
}

void link_receiver::disarm() noexcept {
    if (std::exchange(is_armed_, false)) poller_.cancel();
}

void link_receiver::on_ready(const std::shared_ptr<void>& object) {
    auto& self = *static_cast<link_receiver*>(object.get());
    finished_list finished;
    bool alone = false;
    {
        const std::lock_guard lock(self.mutex_);
        if (!std::exchange(self.is_armed_, false)) return;  // stopped in the meantime
        self.poller_.fired();
        if (self.is_blocked_) return;  // that thread sees to the rest
        if (!self.box_.must_read()) self.look();
        self.pump(finished);
        alone = finished.size() == 1 &&
                (self.granted_.empty() || self.granted_.front() == finished.front());
    }
    // Alone it may be completed from here; several would have to survive each other's handlers, and
    // those that were granted before and are on their way come first.
    finish(finished, alone ? completion::dispatch : completion::post);
    self.tell_faults();
}

void link_receiver::on_shutdown(asio::execution_context& context) noexcept {
    finished_list destroyed;
    {
        const std::lock_guard lock(mutex_);
        if (!executor_ || &asio::query(executor_, asio::execution::context) != &context) return;
        while (recv_operation* op = waiting_.pop_front()) {
            op->where = recv_operation::state::over;
            destroyed.push_back(op);
        }
        if (set_ == nullptr) poller_.detach();  // else it is the set that waits
        is_armed_ = false;
    }
    finish(destroyed, completion::destroy);
}

void link_receiver::abort_all(finished_list& finished, const error_code& why) {
    ++cancels_;
    while (recv_operation* op = waiting_.pop_front()) {
        op->result = why;
        op->where = recv_operation::state::over;
        finished.push_back(op);
    }
    while (recv_operation* op = granted_.pop_front()) {
        op->result = why;
        op->where = recv_operation::state::over;
    }
    disarm();
}

void link_receiver::finish(finished_list& finished, completion how) {
    for (recv_operation* op : finished) op->finish(how);
}

// Reads until one more message is in the line; or in `direct`, when the line is empty and somebody
// takes the message at once.
link_receiver::outcome link_receiver::fetch(int& budget, incoming_message* direct) {
    const std::size_t before = line_.size();
    for (;;) {
        if (box_.has_news()) process_news();
        if (line_.size() != before) return outcome::message;
        const inbox::step s = box_.next();
        switch (s.what) {
        case inbox::action::give:
            if (direct == nullptr) {
                line_.push_back(box_.pop(s.on));
                break;
            }
            *direct = box_.pop(s.on);
            if (box_.has_news()) process_news();
            return outcome::given;
        case inbox::action::read:
            if (budget-- <= 0) return outcome::enough;
            read_link(*box_.find(s.on));
            break;
        case inbox::action::round:
            look();
            break;
        case inbox::action::wait:
            return outcome::nothing;
        case inbox::action::end:
            return outcome::ended;
        }
    }
}

void link_receiver::read_link(inbox::link& l) {
    const inbox::link_id id = l.id;
    const std::span<std::byte> room = box_.prepare(l);
    const os::io_result io = os::recv_some(l.stream, room, batches_, false);
    accept_read(id, io, room.size());
}

void link_receiver::accept_read(
    inbox::link_id id, const os::io_result& io, std::size_t room) {
    inbox::link& l = *box_.find(id);
    if (io.ec == asio::error::would_block) return box_.on_nothing(l);
    if (io.ec || io.bytes == 0) return box_.on_end(l);  // a reset is the end as well
    const bool filled = io.bytes == room || !batches_.empty();
    box_.on_read(l, io.bytes, batches_, filled, os::now_ns());
    if (!filled || box_.link_count() < 2) return;
    inbox::link* still = box_.find(id);
    if (still != nullptr && box_.wants_unread(*still))
        box_.on_unread(*still, os::unread_bytes(still->stream));
}

// Learns which links have something.
void link_receiver::look() {
    const std::uint64_t now = os::now_ns();
    if (box_.link_count() < 2) return box_.recheck(now);
    if (error_code ec = poller_.wait(0, ready_)) {
        // Nothing was learned: every link is read.
        box_.recheck(now);
        return;
    }
    box_.begin_round(now, ready_);
}

void link_receiver::process_news() {
    while (box_.has_news()) {
        for (inbox::adoption& a : box_.take_adoptions()) adopt(std::move(a));
        for (const inbox::fault& f : box_.take_faults()) add_fault(f.code);
        for (const auto& l : box_.take_gone()) poller_.remove(l->id);
    }
}

void link_receiver::adopt(inbox::adoption a) {
    // Anything can come from a peer: only what a link may consist of is read and written.
    if (!os::is_link_stream(a.stream) || !greet(a.stream)) {
        if (box_.find(a.by) != nullptr) return box_.drop(a.by, error::protocol_violation);
        return add_fault(error::protocol_violation);
    }
    const inbox::link_id id = box_.add(std::move(a.stream), a.account);
    if (id == inbox::no_link) return add_fault(error::too_many_links);
    if (error_code ec = poller_.add(box_.find(id)->stream, id)) box_.drop(id, ec);
}

// Tells the other side that the link was adopted. If both sides of the link were given to us, this
// is what ends it: the greeting comes back, from the wrong side.
bool link_receiver::greet(const handle& stream) noexcept {
    std::byte frame[wire::header_bytes];
    wire::frame_header h;
    h.kind = wire::frame_kind::hello;
    h.stamp = os::now_ns();
    wire::store_header(h, frame);
    const piece whole{frame, sizeof(frame)};
    const os::io_result io = os::send_some(stream, {&whole, 1}, {});
    // Its sender may be gone already, and have left messages.
    return io.bytes == sizeof(frame) || io.ec == asio::error::broken_pipe;
}

void link_receiver::add_fault(const error_code& code) {
    if (deliver_faults_.load()) {
        incoming_message nothing;
        nothing.fault = code;
        line_.push_back(std::move(nothing));
        return;
    }
    ++faults_;
    if (!fault_handler_) return;
    untold_faults_.push_back({code, {}});
    has_untold_faults_ = true;
}

// One by one: the handler may throw, and the others are told the next time.
void link_receiver::tell_faults() {
    while (has_untold_faults()) {
        fault next;
        std::function<void(const fault&)> handler;
        {
            const std::lock_guard lock(mutex_);
            if (untold_faults_.empty()) return;
            next = std::move(untold_faults_.front());
            untold_faults_.pop_front();
            has_untold_faults_ = !untold_faults_.empty();
            handler = fault_handler_;
        }
        if (handler) handler(next);
    }
}

// No user code is called from within an initiating function.
void link_receiver::tell_faults_later() {
    if (!has_untold_faults()) return;
    if (const asio::any_io_executor e = executor())
        asio::post(e, [self = shared_from_this()] { self->tell_faults(); });
}

// When the handler throws nobody gets the message of a blocking receive: it stays first in line.
void link_receiver::tell_faults_before(const error_code& ec, incoming_message& out) {
    try {
        tell_faults();
    } catch (...) {
        const std::lock_guard lock(mutex_);
        if (!ec && phase_ == phase::open) line_.push_front(std::move(out));
        throw;
    }
}

bool link_receiver::report(const fault& f) {
    ++faults_;
    std::function<void(const fault&)> handler;
    {
        const std::lock_guard lock(mutex_);
        handler = fault_handler_;
    }
    if (handler) handler(f);
    return deliver_faults_.load();
}

void link_receiver::on_fault(std::function<void(const fault&)> handler) {
    const std::lock_guard lock(mutex_);
    fault_handler_ = std::move(handler);
}

// The first message in line, or the next that there is.
link_receiver::outcome link_receiver::next_message(int& budget, incoming_message& out) {
    if (line_.empty()) {
        const outcome o = fetch(budget, &out);
        if (o == outcome::given) return outcome::message;
        if (o != outcome::message) return o;
    }
    out = std::move(line_.front());
    line_.pop_front();
    return outcome::message;
}

error_code link_receiver::try_recv(incoming_message& out) {
    const error_code ec = try_take(out, true);
    if (!is_forked()) tell_faults_before(ec, out);
    return ec;
}

error_code link_receiver::try_take(incoming_message& out, bool look_again) {
    if (is_forked()) return error::owner_changed;
    finished_list finished;
    error_code ec;
    {
        const std::lock_guard lock(mutex_);
        ec = usable();
        if (!ec) {
            // Enough to look at every link.
            int budget = reads_per_event * static_cast<int>(std::max<std::size_t>(
                                               1, std::min<std::size_t>(box_.link_count(), 1 << 20)));
            outcome o = next_message(budget, out);
            if (o == outcome::nothing && look_again) {
                look();
                o = next_message(budget, out);
            }
            if (o == outcome::ended) ec = asio::error::eof;
            if (o == outcome::nothing || o == outcome::enough) ec = asio::error::would_block;
        }
        if (!waiting_.empty()) pump(finished);
    }
    finish(finished, completion::post);
    return ec;
}

void link_receiver::put_back(incoming_message message) {
    finished_list finished;
    {
        const std::lock_guard lock(mutex_);
        if (phase_ != phase::open) return;
        line_.push_front(std::move(message));
        // Those who were granted something take what is first now: there is one more to grant.
        if (!waiting_.empty()) pump(finished);
    }
    finish(finished, completion::post);
}

error_code link_receiver::join_set(os::poller* outer, std::uint32_t number) {
    cancel();
    const std::lock_guard lock(mutex_);
    if (set_ != nullptr) set_->remove(poller_);
    set_ = outer;
    if (outer == nullptr) return {};
    poller_.detach();
    error_code ec = usable();
    if (!ec) ec = outer->add(poller_, number);
    if (ec) set_ = nullptr;
    return ec;
}

error_code link_receiver::recv(incoming_message& out, const deadline& until) {
    if (is_forked()) return error::owner_changed;
    finished_list finished;
    error_code ec;
    {
        std::unique_lock lock(mutex_);
        for (;;) {
            ec = usable();
            if (ec) break;
            int budget = reads_per_event;
            const outcome o = next_message(budget, out);
            if (o == outcome::message) break;
            if (o == outcome::ended)
                ec = asio::error::eof;
            else if (until && clock::now() >= *until)
                ec = asio::error::timed_out;
            if (ec) break;
            if (o == outcome::nothing) wait_readable(lock, until);
        }
        if (!waiting_.empty()) pump(finished);
    }
    finish(finished, completion::post);
    tell_faults_before(ec, out);
    return ec;
}

// Blocks, without the mutex, until some link has something, and learns what.
void link_receiver::wait_readable(std::unique_lock<std::mutex>& lock, const deadline& until) {
    is_blocked_ = true;
    if (!until && box_.link_count() == 1) {
        inbox::link& l = box_.only_link();
        const std::span<std::byte> room = box_.prepare(l);
        const std::uint64_t begun = os::now_ns();
        lock.unlock();
        const os::io_result io = os::recv_some(l.stream, room, batches_, true);
        lock.lock();
        is_blocked_ = false;
        if (io.ec != asio::error::would_block) {
            // What came after the read, whose time nobody knows, is not vouched for.
            box_.recheck(begun);
            return accept_read(l.id, io, room.size());
        }
        // An asynchronous wait has made the stream non-blocking for good.
        is_blocked_ = true;
    }
    std::int64_t timeout_ns = -1;
    if (until)
        timeout_ns = std::max<std::int64_t>(0,
            std::chrono::duration_cast<std::chrono::nanoseconds>(*until - clock::now()).count());
    lock.unlock();
    poller_.wait(timeout_ns, ready_);
    lock.lock();
    is_blocked_ = false;
    look();
}

std::unique_ptr<cargo> link_receiver::freeze(error_code& ec) {
    if (is_forked()) {
        ec = error::owner_changed;
        return nullptr;
    }
    finished_list finished;
    auto load = std::make_unique<cargo>();
    std::vector<inbox::moving_link> parked;
    {
        const std::lock_guard lock(mutex_);
        ec = usable();
        if (ec) return nullptr;
        phase_ = phase::moved;
        abort_all(finished, asio::error::operation_aborted);
        for (auto& l : box_.take_links()) {
            poller_.remove(l.what->id);
            (l.what->parked ? parked : load->links).push_back(std::move(l));
        }
        poller_.detach();
        for (auto& m : line_) load->line.push_back(std::move(m));
        line_.clear();
    }
    finish(finished, completion::post);
    return load;
}

void link_receiver::thaw(std::unique_ptr<cargo> load) noexcept {
    const std::lock_guard lock(mutex_);
    if (phase_ != phase::moved) return;  // closed by its owner in the meantime
    phase_ = phase::open;
    restore(std::move(*load), false);
}

error_code link_receiver::restore(cargo load, bool check) {
    for (auto& moving : load.links) {
        if (check && !os::is_link_stream(moving.what->stream)) return error::bad_attachment;
        const inbox::link_id id = box_.restore(std::move(moving), os::now_ns());
        const inbox::link* l = box_.find(id);
        if (l == nullptr) continue;  // ended, or broken
        if (error_code ec = poller_.add(l->stream, id)) {
            if (check) return ec;
            box_.drop(id, ec);  // it was here before: the others come back
        }
    }
    for (auto& m : load.line) line_.push_back(std::move(m));
    process_news();
    return {};
}

}  // namespace strait::detail
