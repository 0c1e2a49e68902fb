using Microsoft.EntityFrameworkCore.Migrations;

namespace Portal.Migrations;

/// <summary>Tables whose rows never change: a trigger refuses, whoever asks.</summary>
internal static class AppendOnlyTables
{
    public static void CreateRefusal(this MigrationBuilder migration) => migration.Sql("""
        create function portal_refuse_change() returns trigger language plpgsql as $$
        begin
          raise exception '% is append-only: rows of it are never changed or deleted', tg_table_name using errcode = 'restrict_violation';
        end $$;
        """);

    public static void MakeAppendOnly(this MigrationBuilder migration, string table) => migration.Sql($"""
        create trigger {table}_append_only before update or delete on {table} for each row execute function portal_refuse_change();
        create trigger {table}_no_truncate before truncate on {table} for each statement execute function portal_refuse_change();
        """);
}
