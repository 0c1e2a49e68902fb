using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Portal.Migrations.Migrations
{
    /// <inheritdoc />
    public partial class PlacedParts : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_usage_records_allocation_id_component_period_start_revision",
                table: "usage_records");

            migrationBuilder.DropIndex(
                name: "ix_usage_records_interval_id",
                table: "usage_records");

            migrationBuilder.DropIndex(
                name: "ix_usage_intervals_allocation_id_component_started_at",
                table: "usage_intervals");

            migrationBuilder.DropIndex(
                name: "ix_usage_intervals_one_open",
                table: "usage_intervals");

            migrationBuilder.AddColumn<string>(
                name: "source_id",
                table: "workload_events",
                type: "character varying(100)",
                maxLength: 100,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "part",
                table: "usage_intervals",
                type: "character varying(100)",
                maxLength: 100,
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<string>(
                name: "node",
                table: "allocations",
                type: "character varying(300)",
                maxLength: 300,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "parts_json",
                table: "allocations",
                type: "text",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "instance_prices",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    instance_type = table.Column<string>(type: "character varying(60)", maxLength: 60, nullable: false),
                    region = table.Column<string>(type: "character varying(60)", maxLength: 60, nullable: false),
                    zone = table.Column<string>(type: "character varying(60)", maxLength: 60, nullable: false),
                    spot = table.Column<bool>(type: "boolean", nullable: false),
                    price = table.Column<decimal>(type: "numeric(20,12)", precision: 20, scale: 12, nullable: false),
                    currency = table.Column<string>(type: "character varying(3)", maxLength: 3, nullable: false),
                    effective_from = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_instance_prices", x => x.id);
                    table.CheckConstraint("ck_instance_prices_price", "price >= 0");
                });

            migrationBuilder.CreateIndex(
                name: "ix_workload_events_workload_id_source_id",
                table: "workload_events",
                columns: new[] { "workload_id", "source_id" },
                unique: true,
                filter: "source_id is not null");

            migrationBuilder.CreateIndex(
                name: "ix_usage_records_allocation_id",
                table: "usage_records",
                column: "allocation_id");

            migrationBuilder.CreateIndex(
                name: "ix_usage_records_interval_id_period_start_revision",
                table: "usage_records",
                columns: new[] { "interval_id", "period_start", "revision" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_usage_intervals_allocation_id_component_part_started_at",
                table: "usage_intervals",
                columns: new[] { "allocation_id", "component", "part", "started_at" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_usage_intervals_one_open",
                table: "usage_intervals",
                columns: new[] { "allocation_id", "component", "part" },
                unique: true,
                filter: "ended_at is null");

            migrationBuilder.CreateIndex(
                name: "ix_instance_prices_instance_type_region_zone_spot_effective_fr",
                table: "instance_prices",
                columns: new[] { "instance_type", "region", "zone", "spot", "effective_from" },
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "instance_prices");

            migrationBuilder.DropIndex(
                name: "ix_workload_events_workload_id_source_id",
                table: "workload_events");

            migrationBuilder.DropIndex(
                name: "ix_usage_records_allocation_id",
                table: "usage_records");

            migrationBuilder.DropIndex(
                name: "ix_usage_records_interval_id_period_start_revision",
                table: "usage_records");

            migrationBuilder.DropIndex(
                name: "ix_usage_intervals_allocation_id_component_part_started_at",
                table: "usage_intervals");

            migrationBuilder.DropIndex(
                name: "ix_usage_intervals_one_open",
                table: "usage_intervals");

            migrationBuilder.DropColumn(
                name: "source_id",
                table: "workload_events");

            migrationBuilder.DropColumn(
                name: "part",
                table: "usage_intervals");

            migrationBuilder.DropColumn(
                name: "node",
                table: "allocations");

            migrationBuilder.DropColumn(
                name: "parts_json",
                table: "allocations");

            migrationBuilder.CreateIndex(
                name: "ix_usage_records_allocation_id_component_period_start_revision",
                table: "usage_records",
                columns: new[] { "allocation_id", "component", "period_start", "revision" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_usage_records_interval_id",
                table: "usage_records",
                column: "interval_id");

            migrationBuilder.CreateIndex(
                name: "ix_usage_intervals_allocation_id_component_started_at",
                table: "usage_intervals",
                columns: new[] { "allocation_id", "component", "started_at" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_usage_intervals_one_open",
                table: "usage_intervals",
                columns: new[] { "allocation_id", "component" },
                unique: true,
                filter: "ended_at is null");
        }
    }
}
